import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as ReflectionV1 } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { apiParts, type Folder, folders, isWatching } from "../../edge/routes.ts";
import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { noted, Shared, type Yaml } from "../yaml.ts";
import { headers, methodNotAllowed, refusal, rpcPath } from "./answers.ts";

type Fields = { readonly [key: string]: Yaml };

const filterConfig = "type.googleapis.com/envoy.config.route.v3.FilterConfig";
const off = { "@type": filterConfig, disabled: true };

/** Speaks for the shop where no single service is meant: whether orders can be placed is what it says. */
const spokesman = "checkout";

/** To another replica, where there is one. */
const elsewhere = {
  retry_host_predicate: new Shared("elsewhere", [
    {
      name: "envoy.retry_host_predicates.previous_hosts",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
      },
    },
  ]),
  host_selection_retry_max_attempts: 3,
};

/** What never reached a service may be sent again, whatever it is. */
export const retryUnsent = {
  retry_on: "connect-failure,refused-stream,reset-before-request",
  num_retries: 2,
  ...elsewhere,
};
/** What has no effect may also be sent again when the connection broke under it. */
const retryReads = new Shared("retry-reads", {
  retry_on: "connect-failure,refused-stream,reset",
  num_retries: 2,
  ...elsewhere,
});

/** RPC: services compress by themselves, and a compressed answer would gain little. */
const rpcFilters = new Shared("rpc-filters", { "envoy.filters.http.compressor": off });
/** A stream has no end to wait for. */
const streamFilters = new Shared("stream-filters", {
  "envoy.filters.http.compressor": off,
  "envoy.filters.http.buffer": off,
});
/** What watches the shop is not watched, or there would be no end. */
const unwatched = new Shared("unwatched", {
  client_sampling: { numerator: 0 },
  random_sampling: { numerator: 0 },
  overall_sampling: { numerator: 0 },
});

/** Services give up after 15 s by themselves, and say so better. */
export const serviceTimeout = "17s";

/** All routes, in the order in which they are tried. */
export function routes(services: readonly ServiceDeclaration[]): readonly Yaml[] {
  return [
    ...services.flatMap(internalMethods),
    ...services.flatMap(publicMethods),
    ...[Health, ReflectionV1, ReflectionV1Alpha].flatMap(({ methods }) =>
      methods.map((method) => rpcRoute(method, spokesman)),
    ),
    route({
      name: "/rpc",
      why: "Any other RPC: there is none, and the caller is told so in its own protocol.",
      match: { safe_regex: { regex: rpcPath } },
      action: { cluster: spokesman, timeout: serviceTimeout },
      fields: { typed_per_filter_config: rpcFilters },
    }),
    ...folders.flatMap(folderRoutes),
    ...apiParts.map(({ name, isReadOnly }) =>
      route({
        name: `/api/${name}`,
        match: { path_separated_prefix: `/api/${name}` },
        action: {
          cluster: "frontend",
          timeout: serviceTimeout,
          ...(isReadOnly ? { retry_policy: retryReads } : {}),
        },
      }),
    ),
    route({
      name: "/api/*",
      match: { path_separated_prefix: "/api" },
      action: { cluster: "frontend", timeout: serviceTimeout },
    }),
    route({
      name: "/*",
      why: "Pages, and what they are made of.",
      match: { prefix: "/" },
      action: { cluster: "frontend", timeout: serviceTimeout, retry_policy: retryReads },
    }),
  ];
}

function route(options: {
  readonly name: string;
  readonly why?: string;
  readonly match: Fields;
  readonly action: Fields;
  readonly fields?: Fields;
}): Yaml {
  const { name, why, match, action, fields } = options;
  const made = { name, match, route: action, ...fields };
  return why === undefined ? made : noted(why, made);
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** The methods that services have for each other only. */
function internalMethods({ internal = [] }: ServiceDeclaration): readonly Yaml[] {
  return internal.flatMap((method) => {
    const path = pathOf(method);
    const { grpc, grpcWeb, connect } = refusal(`${path.slice(1)} is for the other services only.`);
    const ofGrpcWeb = [{ name: "content-type", string_match: { prefix: "application/grpc-web" } }];
    return [
      noted("For the other services only; refused in each protocol's own way.", {
        name: path,
        match: { path, grpc: {} },
        ...grpc,
      }),
      { name: path, match: { path, headers: ofGrpcWeb }, ...grpcWeb },
      { name: path, match: { path }, ...connect },
    ];
  });
}

/** The methods for everybody, each with a route of its own; those that watch have one together. */
function publicMethods({ name, rpc, internal = [] }: ServiceDeclaration): readonly Yaml[] {
  return rpc.flatMap(({ typeName, methods }) => {
    const all = methods.filter((method) => !internal.some((hidden) => hidden === method));
    if (!isWatching(`/${typeName}`)) return all.map((method) => rpcRoute(method, name));
    return [
      ...all.filter(({ methodKind }) => methodKind !== "unary").map((method) => rpcRoute(method, name)),
      route({
        name: `/${typeName}/*`,
        match: { prefix: `/${typeName}/` },
        action: { cluster: name, timeout: serviceTimeout, retry_policy: retryReads },
        fields: { tracing: unwatched, typed_per_filter_config: rpcFilters },
      }),
    ];
  });
}

function rpcRoute(method: DescMethod, cluster: string): Yaml {
  const path = pathOf(method);
  const isStream = method.methodKind !== "unary";
  const isRepeatable = method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  return route({
    name: path,
    match: { path },
    action: {
      cluster,
      ...(isStream ? { timeout: "0s", idle_timeout: "0s" } : { timeout: serviceTimeout }),
      ...(isRepeatable && !isStream ? { retry_policy: retryReads } : {}),
    },
    fields: {
      ...(isWatching(path) ? { tracing: unwatched } : {}),
      typed_per_filter_config: isStream ? streamFilters : rpcFilters,
    },
  });
}

/** A folder, the path of those who forget its slash, and what it does not take. */
function folderRoutes(folder: Folder): readonly Yaml[] {
  const { prefix, service, engine, isKept, isReadOnly, isDelayable } = folder;
  const name = `${prefix}*`;
  const watched = folder.isWatching ? { tracing: unwatched } : {};
  const action = {
    cluster: engine ?? service ?? "",
    ...(isKept ? {} : { prefix_rewrite: "/" }),
  };
  const readMethods = { name: ":method", string_match: { safe_regex: { regex: "GET|HEAD" } }, invert_match: true };
  return [
    {
      name: prefix.slice(0, -1),
      match: { path: prefix.slice(0, -1) },
      redirect: { path_redirect: prefix },
      ...watched,
    },
    ...(isReadOnly
      ? [
          noted("Read only: with the prefix cut off, a path could be that of anything on the service's port.", {
            name,
            match: { prefix, headers: [readMethods] },
            ...methodNotAllowed("GET, HEAD"),
          }),
        ]
      : []),
    ...(engine === "grafana"
      ? [
          route({
            name: "/grafana/api/live/*",
            why: "Dashboards that follow what happens do so over a WebSocket.",
            match: { prefix: "/grafana/api/live/" },
            action: {
              cluster: engine,
              timeout: "0s",
              idle_timeout: "0s",
              upgrade_configs: [{ upgrade_type: "websocket" }],
            },
            fields: { ...watched, typed_per_filter_config: streamFilters },
          }),
        ]
      : []),
    route({
      name,
      match: { prefix },
      action: {
        ...action,
        ...(folder.isStreaming
          ? { timeout: "0s", idle_timeout: "0s" }
          : { timeout: folder.isWatching ? "60s" : serviceTimeout }),
        ...(isReadOnly ? { retry_policy: retryReads } : {}),
      },
      fields: {
        ...watched,
        ...(folder.isStreaming ? { typed_per_filter_config: streamFilters } : {}),
        ...(isDelayable ? { typed_per_filter_config: { "envoy.filters.http.fault": imageDelay } } : {}),
      },
    }),
  ];
}

/** The fault `imageSlowLoad`: the browser asks for a delay, in ms, by the header x-envoy-fault-delay-request. */
const imageDelay = noted(
  "The fault imageSlowLoad: browsers ask for a delay in ms by x-envoy-fault-delay-request. It is granted to the\n" +
    "share of requests that the runtime key below says, none unless somebody allows it.",
  {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
    delay: { header_delay: {}, percentage: { numerator: 100 } },
    max_active_faults: 100,
  },
);

export const securityHeaders = headers({ "x-content-type-options": "nosniff" });
