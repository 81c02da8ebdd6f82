import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { noted, Shared, type Yaml } from "../yaml.ts";

/** An engine of the mesh that the front proxy passes requests on to, or sends its own telemetry to. */
interface EngineAddress {
  /** Of the cluster. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly isHttp2?: true;
}

const engines: readonly EngineAddress[] = [
  { name: "grafana", host: "grafana", port: 3000 },
  { name: "jaeger", host: "jaeger", port: 16_686 },
  { name: "otel-collector", host: "otel-collector", port: 4317, isHttp2: true },
  { name: "otel-collector-http", host: "otel-collector", port: 4318 },
];

const upstreamOptions = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const http1 = new Shared("http1", {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": upstreamOptions,
    explicit_http_config: { http_protocol_options: {} },
  },
});
const http2 = new Shared("http2", {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": upstreamOptions,
    explicit_http_config: {
      http2_protocol_options: noted("Finds a connection that is dead without saying so.", {
        connection_keepalive: { interval: "30s", timeout: "5s" },
      }),
    },
  },
});

const circuitBreakers = new Shared("circuit-breakers", {
  thresholds: [
    {
      max_connections: 256,
      max_pending_requests: 256,
      max_requests: noted("What a service takes at once; one more would be refused there.", 512),
      retry_budget: noted("A service that is down gets little more than one attempt a request.", {
        budget_percent: { value: 20 },
        min_retry_concurrency: 25,
      }),
    },
  ],
});

const outlierDetection = new Shared("outlier-detection", {
  consecutive_gateway_failure: 5,
  enforcing_consecutive_gateway_failure: 100,
  consecutive_5xx: noted("A 500 is an answer: it says nothing of its instance.", 1000),
  enforcing_consecutive_5xx: 0,
  enforcing_success_rate: 0,
  interval: "2s",
  base_ejection_time: "5s",
  max_ejection_time: "15s",
  max_ejection_percent: 50,
});

/**
 * Whether an instance is there, asked beside the requests: one that is away is left alone until it is back. Where none
 * is, requests go out all the same.
 */
function healthChecks(how: string, check: { readonly [key: string]: Yaml }): Shared {
  const timing = {
    timeout: "2s",
    interval: "1s",
    no_traffic_interval: "1s",
    interval_jitter: "0.2s",
    unhealthy_threshold: 2,
    healthy_threshold: 1,
  };
  return new Shared(`${how}-health`, [{ ...timing, ...check }]);
}

const rpcHealth = healthChecks("rpc", { grpc_health_check: {} });
/** Web servers that stand in for ours may have no page for it. */
const webHealth = healthChecks("web", { tcp_health_check: {} });

/** Addresses are looked up by name, again and again: a container that starts anew may have another. */
const byName = new Shared("by-name", {
  name: "envoy.clusters.dns",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
    dns_lookup_family: "V4_PREFERRED",
    dns_refresh_rate: "5s",
    dns_failure_refresh_rate: { base_interval: "1s", max_interval: "5s" },
  },
});

/** One cluster for each service that the front proxy calls, and for each engine. */
export function clusters(services: readonly ServiceDeclaration[]): readonly Yaml[] {
  return [
    ...services.map(({ name, port, rpc, isOptional }) =>
      // Web servers that stand in for ours may know nothing but HTTP/1.1.
      cluster(
        { name, host: name, port: port.fallback, ...(rpc.length > 0 ? { isHttp2: true } : {}) },
        {
          health_checks: rpc.length > 0 ? rpcHealth : webHealth,
          ...(isOptional
            ? { wait_for_warm_on_init: noted("The shop is not kept waiting for what may not be there.", false) }
            : {}),
        },
      ),
    ),
    ...engines.map((engine) =>
      cluster(engine, {
        wait_for_warm_on_init: noted("The shop is not kept waiting for what only watches it.", false),
      }),
    ),
  ];
}

function cluster({ name, host, port, isHttp2 }: EngineAddress, fields: { readonly [key: string]: Yaml }): Yaml {
  return {
    name,
    cluster_type: byName,
    ...fields,
    connect_timeout: "2.5s",
    circuit_breakers: circuitBreakers,
    outlier_detection: outlierDetection,
    typed_extension_protocol_options: isHttp2 ? http2 : http1,
    load_assignment: {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
      ],
    },
  };
}
