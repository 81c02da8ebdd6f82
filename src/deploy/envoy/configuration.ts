import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { maxMessageBytes } from "../../platform/rpc/remote-transport.ts";
import { noted, type Yaml } from "../yaml.ts";
import { headers, localReplies } from "./answers.ts";
import { clusters } from "./clusters.ts";
import { retryUnsent, routes, securityHeaders } from "./routes.ts";
import { accessLog, statsConfig, statsSink, tracing } from "./telemetry.ts";

export interface EnvoyOptions {
  /** Every service of the system. */
  readonly services: readonly ServiceDeclaration[];
  /** Of the shop, for the resource of the proxy's telemetry. */
  readonly version: string;
}

/** The whole configuration of the front proxy, with the names and ports that containers have. */
export function envoyConfiguration({ services, version }: EnvoyOptions): Yaml {
  const proxy = find(services, "frontend-proxy");
  // Whoever offers RPC does so to everybody.
  const behind = services.filter(({ name, rpc }) => rpc.length > 0 || proxy.calls.includes(name));
  return {
    node: { id: proxy.name, cluster: proxy.name },
    admin: noted("For the same machine or container only: it can end the proxy.", {
      address: { socket_address: { address: "127.0.0.1", port_value: 10_000 } },
    }),
    stats_flush_interval: "5s",
    stats_config: statsConfig(),
    stats_sinks: [statsSink(proxy, version)],
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type":
              "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            max_active_downstream_connections: 10_000,
          },
        },
      ],
    },
    layered_runtime: {
      layers: [
        {
          name: "static",
          static_layer: {
            "fault.http.delay.fixed_delay_percent": noted(
              "Nobody's pictures are delayed, whatever the request says, until somebody allows it:\n" +
                "  curl -X POST 'http://localhost:10000/runtime_modify?fault.http.delay.fixed_delay_percent=100'",
              0,
            ),
            "tracing.opentelemetry.flush_interval_ms": noted("Spans are to be seen soon.", 1000),
          },
        },
        { name: "admin", admin_layer: {} },
      ],
    },
    static_resources: {
      listeners: [
        {
          name: "front",
          address: { socket_address: { address: "0.0.0.0", port_value: proxy.port.fallback } },
          per_connection_buffer_limit_bytes: 1024 * 1024,
          filter_chains: [
            {
              filters: [
                {
                  name: "envoy.filters.network.http_connection_manager",
                  typed_config: connectionManager({ proxy, behind, version }),
                },
              ],
            },
          ],
        },
      ],
      clusters: clusters(behind),
    },
  };
}

function find(services: readonly ServiceDeclaration[], name: string): ServiceDeclaration {
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`No service ${name} is declared`);
  return found;
}

function connectionManager(options: {
  readonly proxy: ServiceDeclaration;
  readonly behind: readonly ServiceDeclaration[];
  readonly version: string;
}): Yaml {
  const { proxy, behind, version } = options;
  return {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "front",
    server_header_transformation: "PASS_THROUGH",
    use_remote_address: noted(
      "Whoever comes from a private address, as everybody does through Docker, is outside all the same:\n" +
        "nobody's x-envoy-* headers are heeded.",
      true,
    ),
    internal_address_config: { unix_sockets: false },
    normalize_path: true,
    path_with_escaped_slashes_action: "REJECT_REQUEST",
    max_request_headers_kb: 32,
    request_headers_timeout: "10s",
    stream_idle_timeout: noted("For one request, while neither side says anything; streams have none.", "30s"),
    common_http_protocol_options: { idle_timeout: "600s" },
    http2_protocol_options: { max_concurrent_streams: 1000, initial_stream_window_size: 1_048_576 },
    tracing: tracing(proxy, version),
    access_log: [accessLog(proxy, version)],
    local_reply_config: localReplies(),
    http_filters: filters(),
    route_config: {
      name: "front",
      virtual_hosts: [
        {
          name: "shop",
          domains: ["*"],
          retry_policy: noted("Unless a route says otherwise: what cannot have had an effect.", retryUnsent),
          response_headers_to_remove: ["x-envoy-upstream-service-time"],
          response_headers_to_add: securityHeaders,
          routes: routes(behind),
        },
      ],
    },
  };
}

function filter(name: string, type: string, fields: { readonly [key: string]: Yaml } = {}, switched = {}): Yaml {
  return {
    name: `envoy.filters.http.${name}`,
    ...switched,
    typed_config: { "@type": `type.googleapis.com/envoy.extensions.filters.http.${type}`, ...fields },
  };
}

function filters(): readonly Yaml[] {
  return [
    noted("Delays, on the routes that have them.", filter("fault", "fault.v3.HTTPFault", {}, { disabled: true })),
    noted(
      "What the fault filter has not heeded by now, nobody shall, neither the router nor a service.",
      filter("header_mutation", "header_mutation.v3.HeaderMutation", {
        mutations: { request_mutations: [{ remove_on_match: { key_matcher: { prefix: "x-envoy-" } } }] },
      }),
    ),
    noted(
      "For each client address. In containers the whole load may come from one, so it is generous.",
      filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {
        stat_prefix: "front",
        filter_enabled: { default_value: { numerator: 100 }, runtime_key: "rate_limit.enabled" },
        filter_enforced: { default_value: { numerator: 100 }, runtime_key: "rate_limit.enforced" },
        rate_limited_as_resource_exhausted: true,
        response_headers_to_add: headers({ "retry-after": "1" }),
        max_dynamic_descriptors: 10_000,
        rate_limits: [{ actions: [{ remote_address: {} }] }],
        descriptors: [
          {
            entries: [{ key: "remote_address" }],
            token_bucket: { max_tokens: 4000, tokens_per_fill: 2000, fill_interval: "1s" },
          },
        ],
      }),
    ),
    noted(
      "Text, if the client takes it; what is compressed already is left alone.",
      filter("compressor", "compressor.v3.Compressor", {
        response_direction_config: {
          common_config: {
            min_content_length: 1024,
            content_type_matcher: [
              { prefix: "text/" },
              { safe_regex: { regex: "(application/(javascript|json|problem\\+json)|image/svg\\+xml)(;.*)?" } },
            ],
          },
        },
        compressor_library: {
          name: "gzip",
          typed_config: {
            "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip",
            compression_level: "COMPRESSION_LEVEL_5",
          },
        },
      }),
    ),
    noted(
      "The largest request: the largest message, and what frames it.",
      filter("buffer", "buffer.v3.Buffer", { max_request_bytes: maxMessageBytes + 1024 }),
    ),
    filter("router", "router.v3.Router"),
  ];
}
