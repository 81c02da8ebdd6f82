import { Code } from "@connectrpc/connect";
import { attribute, event } from "../../../gen/telemetry/registry.ts";
import { watching } from "../../edge/routes.ts";
import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { faults } from "../../platform/rpc/errors.ts";
import { noted, Shared, type Yaml } from "../yaml.ts";

/** Of the request as it came, without its query. */
const path = "%PATH(NQ:ORIG_OR_PATH)%";
const userAgent = "%REQ(USER-AGENT):256%";

/** Where telemetry goes. */
const collector = new Shared("collector", { envoy_grpc: { cluster_name: "otel-collector" }, timeout: "1s" });

/** Says who speaks, in all signals. */
export function resourceDetectors({ name, criticality }: ServiceDeclaration, version: string): Yaml {
  return new Shared("resource", [
    {
      name: "envoy.tracers.opentelemetry.resource_detectors.static_config",
      typed_config: {
        "@type":
          "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig",
        attributes: {
          "service.name": name,
          "service.namespace": "opentelemetry-demo",
          "service.version": version,
          "service.criticality": criticality,
        },
      },
    },
  ]);
}

/** Two spans a request: one for what came in, one for what was asked of a service. */
export function tracing(proxy: ServiceDeclaration, version: string): Yaml {
  return {
    spawn_upstream_span: true,
    operation: noted("As spans of HTTP servers and clients are named elsewhere.", "%REQ(:METHOD)% %ROUTE_NAME%"),
    upstream_operation: "%REQ(:METHOD)% %UPSTREAM_CLUSTER_RAW%",
    random_sampling: { value: 100 },
    custom_tags: noted(
      "As today's conventions have it; and http.url, which Envoy sets by itself, without the query, which is nobody's business.",
      Object.entries({
        "http.url": path,
        [attribute.urlPath]: path,
        [attribute.httpRoute]: "%ROUTE_NAME%",
        [attribute.httpRequestMethod]: "%REQ(:METHOD)%",
        [attribute.httpResponseStatusCode]: "%RESPONSE_CODE%",
        [attribute.serverAddress]: "%UPSTREAM_CLUSTER_RAW%",
        [attribute.userAgentOriginal]: userAgent,
      }).map(([tag, value]) => ({ tag, value })),
    ),
    provider: {
      name: "envoy.tracers.opentelemetry",
      typed_config: {
        "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
        grpc_service: collector,
        service_name: proxy.name,
        resource_detectors: resourceDetectors(proxy, version),
      },
    },
  };
}

// In CEL. Whatever befalls a call of gRPC, its HTTP status is 200; and whatever is no call has a status of gRPC, too.
const type = "request.headers['content-type']";
const isGrpc = `'content-type' in request.headers && ${type}.matches('^application/grpc([+].*)?$')`;
const isError = `response.code >= 500 || (${isGrpc} && response.grpc_status in [${faults.join(", ")}])`;
const isLimited = `response.code == 429 || (${isGrpc} && response.grpc_status == ${Code.ResourceExhausted})`;

/** One record a request, in the trace of the request. */
export function accessLog(proxy: ServiceDeclaration, version: string): Yaml {
  const strings: Readonly<Record<string, string>> = {
    "event.name": event.proxyAccess,
    // Envoy has no severity to give; the name of one is what it can say.
    [attribute.demoLogSeverity]: `%CEL(${isError} ? 'ERROR' : ${isLimited} ? 'WARN' : 'INFO')%`,
    [attribute.httpRequestMethod]: "%REQ(:METHOD)%",
    [attribute.httpResponseStatusCode]: "%RESPONSE_CODE%",
    [attribute.httpRoute]: "%ROUTE_NAME%",
    [attribute.urlPath]: path,
    [attribute.serverAddress]: "%UPSTREAM_CLUSTER_RAW%",
    [attribute.userAgentOriginal]: userAgent,
    [attribute.upstreamHost]: "%UPSTREAM_HOST%",
    [attribute.envoyResponseFlags]: "%RESPONSE_FLAGS%",
  };
  return {
    name: "envoy.access_loggers.open_telemetry",
    filter: noted("Not of what watches the shop.", {
      extension_filter: {
        name: "envoy.access_loggers.extension_filters.cel",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
          expression: `!(${watching.map((path) => `xds.route_name.startsWith('${path}')`).join(" || ")})`,
        },
      },
    }),
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
      grpc_service: collector,
      log_name: proxy.name,
      disable_builtin_labels: true,
      resource_detectors: resourceDetectors(proxy, version),
      buffer_flush_interval: "0.5s",
      body: { string_value: "Request answered" },
      attributes: {
        values: Object.entries(strings).map(([key, value]) => ({ key, value: { string_value: value } })),
      },
    },
  };
}

/** Statistics that tell how the shop and the proxy fare; of some thousand others Envoy keeps no count. */
const statistics = [
  "http.front.downstream_rq_(time|total|active|[1-5]xx)",
  "http.front.downstream_cx_(active|total)",
  "http.front.fault.delays_injected",
  "cluster\\..*\\.upstream_rq_(total|time|active|pending_overflow|retry|retry_overflow|timeout|[1-5]xx)",
  "cluster\\..*\\.upstream_cx_(active|connect_fail)",
  "cluster\\..*\\.membership_(healthy|total)",
  "cluster\\..*\\.outlier_detection.ejections_active",
  "front\\.http_local_rate_limit.rate_limited",
  "server\\.(memory_allocated|uptime|live)",
];

export function statsSink(proxy: ServiceDeclaration, version: string): Yaml {
  return {
    name: "envoy.stat_sinks.open_telemetry",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig",
      grpc_service: collector,
      resource_detectors: resourceDetectors(proxy, version),
      prefix: "envoy",
      emit_tags_as_attributes: true,
      use_tag_extracted_name: true,
      report_counters_as_deltas: false,
    },
  };
}

export function statsConfig(): Yaml {
  return {
    stats_matcher: {
      inclusion_list: { patterns: statistics.map((regex) => ({ safe_regex: { regex } })) },
    },
  };
}
