import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";

/** What metadata can be made of; Node's types have no name for it. */
export type MetadataInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** What came in a block of headers or trailers of HTTP/2, without its pseudo-headers. */
export function metadataOf(received: IncomingHttpHeaders): Headers {
  const metadata = new Headers();
  for (const [name, value] of Object.entries(received)) {
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const each of value) metadata.append(name, each);
    else metadata.append(name, String(value));
  }
  return metadata;
}

/** Metadata as headers or trailers of HTTP/2, to which others may be added. */
export function headersOf(metadata: Headers | undefined): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  if (metadata === undefined) return headers;
  for (const [name, value] of metadata) {
    const known = headers[name];
    // Only cookies come one by one.
    headers[name] = known === undefined ? value : [known, value].flat().map(String);
  }
  return headers;
}
