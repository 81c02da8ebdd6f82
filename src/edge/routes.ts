/** Where a path goes. */
export type EdgeRoute =
  | { readonly kind: "forward"; readonly service: string; readonly url: string; readonly route: string }
  | { readonly kind: "redirect"; readonly location: string };

interface Prefix {
  readonly prefix: string;
  readonly service: string;
}

/** In the order in which they are tried; what matches is cut off, as the front proxy of the OpenTelemetry Demo does. */
const prefixes: readonly Prefix[] = [
  { prefix: "/images/", service: "image-provider" },
  { prefix: "/mail/", service: "email" },
];

/** The route of a request by its URL; pages and the web API are what is left. */
export function routeOf(url: string): EdgeRoute {
  const [path = "/", query] = url.split("?", 2);
  for (const { prefix, service } of prefixes) {
    if (url.startsWith(prefix))
      return { kind: "forward", service, url: `/${url.slice(prefix.length)}`, route: `${prefix}*` };
    if (`${path}/` === prefix) {
      return { kind: "redirect", location: query === undefined ? prefix : `${prefix}?${query}` };
    }
  }
  return { kind: "forward", service: "frontend", url, route: path.startsWith("/api/") ? "/api/*" : "/*" };
}
