/** Where a path goes. */
export type EdgeRoute =
  | {
      readonly kind: "forward";
      readonly service: string;
      readonly url: string;
      readonly route: string;
      readonly isDelayable?: boolean;
    }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "refuse"; readonly allow: string; readonly route: string };

/** A folder of the public port that one service, or an engine of the mesh, answers. */
export interface Folder {
  /** `/images/` */
  readonly prefix: string;
  /** Who answers, unless {@link engine} does; none for what exists in the mesh only. */
  readonly service?: string;
  /** What answers in the mesh, behind Envoy. */
  readonly engine?: string;
  /** Whether paths are passed on with the prefix. */
  readonly isKept?: true;
  /**
   * Whether it can only be read. It matters where the prefix is cut off: what is left could be the path of anything
   * that the service offers on its port, its internal methods included.
   */
  readonly isReadOnly?: true;
  /** Whether answers may go on for ever. */
  readonly isStreaming?: true;
  /** Whether requests to it belong to watching rather than to the shop; see {@link isWatching}. */
  readonly isWatching?: true;
  /** Whether a fault of the shop delays its answers by the header `x-envoy-fault-delay-request`. */
  readonly isDelayable?: true;
}

/** In the order in which they are tried; what matches is cut off, as the front proxy of the OpenTelemetry Demo does. */
export const folders: readonly Folder[] = [
  { prefix: "/images/", service: "image-provider", isReadOnly: true, isDelayable: true },
  { prefix: "/mail/", service: "email", isReadOnly: true },
  { prefix: "/otlp-http/", service: "observatory", engine: "otel-collector-http", isWatching: true },
  { prefix: "/flagservice/", service: "flagd", isWatching: true, isStreaming: true },
  { prefix: "/feature/", service: "flagd-ui", isWatching: true },
  { prefix: "/observatory/", service: "observatory", isWatching: true },
  { prefix: "/jaeger/", service: "observatory", engine: "jaeger", isKept: true, isWatching: true },
  { prefix: "/loadgen/", service: "load-generator", isWatching: true },
  { prefix: "/grafana/", engine: "grafana", isKept: true, isWatching: true },
];

/** A part of the web API, by which its requests are told apart. */
export interface ApiPart {
  readonly name: string;
  /** Whether all its requests are without effect, and may be sent again. */
  readonly isReadOnly?: true;
}

/** Others are one, for anybody may ask for anything. */
export const apiParts: readonly ApiPart[] = [
  { name: "products", isReadOnly: true },
  { name: "cart" },
  { name: "checkout" },
  { name: "orders", isReadOnly: true },
  { name: "currency", isReadOnly: true },
  { name: "shipping", isReadOnly: true },
  { name: "recommendations", isReadOnly: true },
  { name: "data", isReadOnly: true },
  { name: "docs", isReadOnly: true },
];

const readMethods = ["GET", "HEAD"];

/** The route of a request by its URL; pages and the web API are what is left. */
export function routeOf(url: string, method = "GET"): EdgeRoute {
  const [path = "/", query] = url.split("?", 2);
  for (const { prefix, service, isKept, isReadOnly, isDelayable = false } of folders) {
    if (service === undefined) continue;
    if (url.startsWith(prefix)) {
      const route = `${prefix}*`;
      if (isReadOnly && !readMethods.includes(method)) return { kind: "refuse", allow: readMethods.join(", "), route };
      return { kind: "forward", service, url: isKept ? url : `/${url.slice(prefix.length)}`, route, isDelayable };
    }
    if (`${path}/` === prefix) {
      return { kind: "redirect", location: query === undefined ? prefix : `${prefix}?${query}` };
    }
  }
  return { kind: "forward", service: "frontend", url, route: pageOrApi(path) };
}

function pageOrApi(path: string): string {
  const [, api, part = ""] = path.split("/", 3);
  if (api !== "api") return "/*";
  return apiParts.some(({ name }) => name === part) ? `/api/${part}` : "/api/*";
}

/** How the paths begin of what belongs to watching. */
export const watching: readonly string[] = [
  ...folders.filter(({ isWatching }) => isWatching).map(({ prefix }) => prefix.slice(0, -1)),
  "/orrery.",
  "/flagd.",
  "/grpc.health.",
  "/opentelemetry.",
];

/** Whether a request belongs to watching rather than to the shop: it leaves no telemetry, or there would be no end. */
export function isWatching(url: string): boolean {
  return watching.some((beginning) => url.startsWith(beginning));
}
