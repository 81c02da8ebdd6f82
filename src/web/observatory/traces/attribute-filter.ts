/**
 * Reads `http.route=/api/cart demo.order.currency="EUR"` as attributes and values; quotes hold spaces together.
 * What has no `=` is given back as `unread`.
 */
export function parseAttributeFilter(text: string): {
  readonly attributes: Record<string, string>;
  readonly unread: readonly string[];
} {
  const attributes: Record<string, string> = {};
  const unread: string[] = [];
  for (const [term, key, quoted, plain] of text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S*))|\S+/g)) {
    if (key === undefined) unread.push(term);
    else attributes[key] = quoted ?? plain ?? "";
  }
  return { attributes, unread };
}

/** An attribute and its value as `parseAttributeFilter` reads them. */
export function attributeTerm(key: string, value: string): string {
  return /[\s"]/.test(value) || value === "" ? `${key}="${value.replaceAll('"', "")}"` : `${key}=${value}`;
}
