/** Where a path goes. */
export type EdgeRoute =
  | { readonly kind: "forward"; readonly service: string; readonly url: string; readonly route: string }
  | { readonly kind: "redirect"; readonly location: string };

interface Prefix {
  readonly prefix: string;
  readonly service: string;
  /** Whether the service knows its paths with the prefix. */
  readonly isKept?: true;
}

/** In the order in which they are tried; what matches is cut off, as the front proxy of the OpenTelemetry Demo does. */
const prefixes: readonly Prefix[] = [
  { prefix: "/images/", service: "image-provider" },
  { prefix: "/mail/", service: "email" },
  { prefix: "/otlp-http/", service: "observatory" },
  { prefix: "/observatory/", service: "observatory" },
  { prefix: "/jaeger/", service: "observatory", isKept: true },
];

/** The route of a request by its URL; pages and the web API are what is left. */
export function routeOf(url: string): EdgeRoute {
  const [path = "/", query] = url.split("?", 2);
  for (const { prefix, service, isKept } of prefixes) {
    if (url.startsWith(prefix)) {
      const forwarded = isKept ? url : `/${url.slice(prefix.length)}`;
      return { kind: "forward", service, url: forwarded, route: `${prefix}*` };
    }
    if (`${path}/` === prefix) {
      return { kind: "redirect", location: query === undefined ? prefix : `${prefix}?${query}` };
    }
  }
  return { kind: "forward", service: "frontend", url, route: pageOrApi(path) };
}

/** The parts of the web API, by which its requests are told apart; others are one, for anybody may ask for anything. */
const apiParts = ["products", "cart", "checkout", "orders", "currency", "shipping", "recommendations", "data", "docs"];

function pageOrApi(path: string): string {
  const [, api, part = ""] = path.split("/", 3);
  if (api !== "api") return "/*";
  return apiParts.includes(part) ? `/api/${part}` : "/api/*";
}

/** Whether a request belongs to watching rather than to the shop: it leaves no telemetry, or there would be no end. */
export function isWatching(url: string): boolean {
  return /^\/(otlp-http|observatory|jaeger|orrery\.observatory\.|opentelemetry\.)/.test(url);
}
