/** Reads a query string as plain text values: a router's own format would parse a search for "null". */
export function parsePlainSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Writes plain text values; what is empty is left out. */
export function stringifyPlainSearch(params: Record<string, unknown>): string {
  const given = Object.entries(params).flatMap(([key, value]) =>
    value === undefined || value === "" || value === false ? [] : [[key, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
