/** A piece of HTML whose text is escaped. */
export interface Html {
  readonly html: string;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Builds HTML: what is put in is escaped, unless it is {@link Html} itself or a list of it. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  let out = "";
  for (const [index, part] of parts.entries()) {
    out += part;
    const value = values[index];
    if (value === undefined) continue;
    if (typeof value === "string" || typeof value === "number") {
      out += String(value).replace(/[&<>"']/g, (character) => entities[character] ?? character);
    } else if ("html" in value) out += value.html;
    else out += value.map((piece) => piece.html).join("");
  }
  return { html: out };
}
