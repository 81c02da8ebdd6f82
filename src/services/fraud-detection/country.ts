/** Names that Intl does not give. */
const aliases: Readonly<Record<string, string>> = {
  USA: "US",
  "U.S.": "US",
  "U.S.A.": "US",
  "UNITED STATES OF AMERICA": "US",
  UK: "GB",
  "GREAT BRITAIN": "GB",
  ENGLAND: "GB",
  SCOTLAND: "GB",
  WALES: "GB",
  DEUTSCHLAND: "DE",
  HOLLAND: "NL",
  "THE NETHERLANDS": "NL",
  "CZECH REPUBLIC": "CZ",
};

const codeByName = new Map<string, string>(Object.entries(aliases));
const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
for (const first of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  for (const second of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
    const code = first + second;
    const name = code === "UK" ? undefined : names.of(code);
    if (name === undefined) continue;
    codeByName.set(name.toUpperCase(), code);
    codeByName.set(code, code);
  }
}

/** The ISO 3166-1 alpha-2 code of a country as people write it in English; undefined when it cannot be told. */
export function countryCode(written: string): string | undefined {
  return codeByName.get(written.trim().toUpperCase());
}
