import type { IncomingHttpHeaders } from "node:http";

/**
 * The page of another origin that a browser says a request comes from, in words; undefined when it comes from a page of
 * ours, from an allowed one, or from no page at all. What such a page asks for may be read, and shall change nothing:
 * whoever has it open has not asked for it.
 */
export function foreignPage(
  headers: IncomingHttpHeaders,
  isAllowedOrigin: (origin: string) => boolean,
): string | undefined {
  const { origin } = headers;
  if (typeof origin !== "string") {
    return ["cross-site", "same-site"].includes(String(headers["sec-fetch-site"])) ? "other sites" : undefined;
  }
  const host = headers.host ?? headers[":authority"];
  return URL.parse(origin)?.host === host || isAllowedOrigin(origin) ? undefined : origin;
}
