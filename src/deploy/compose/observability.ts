import { type Container, mounted, setting } from "./container.ts";

/** The name of the profile. */
export const observabilityProfile = "observability";

/**
 * Variables of the Collector's files that mean nothing unless a file of one's own mounts something beside it. Where engines
 * and services are is not among them: in containers they have their names.
 */
const withMounts = ["COLLECTOR_QUEUE_DIR", "DOCKER_ENDPOINT", "HOST_ROOT"];

/**
 * What takes, keeps and shows telemetry. The images of the Collector, Jaeger and Loki have no program to ask for their
 * health with.
 *
 * @param options.hasAll whether there are a Kafka and a Valkey to be watched, and an Observatory
 */
export function observabilityContainers({ hasAll }: { readonly hasAll: boolean }): readonly Container[] {
  const at = (path: string) => `/etc/otelcol/${path}`;
  return [
    {
      name: "otel-collector",
      image: setting("COLLECTOR_IMAGE"),
      memoryMb: 144,
      command: [
        "--feature-gates=confmap.enableMergeAppendOption",
        `--config=${at("collector.yaml")}`,
        `--config=${at("checks.yaml")}`,
        ...(hasAll ? [`--config=${at("stores.yaml")}`, `--config=${at("observatory.yaml")}`] : []),
        // Its memory limiter begins to refuse so far below COLLECTOR_MEMORY_MIB.
        "'--config=yaml:processors::memory_limiter::spike_limit_mib: 25'",
        setting("COLLECTOR_CONFIGS"),
        `\${ORRERY_BACKEND_ENDPOINT:+--config=${at("backend.yaml")}}`,
        `--config=${at("extras.yaml")}`,
      ].join(" "),
      environment: {
        GOMEMLIMIT: `${setting("COLLECTOR_MEMORY_MIB")}MiB`,
        ...settings(
          "COLLECTOR_MEMORY_MIB",
          "REDACTION_KEY",
          "SAMPLING_SLOW_MS",
          "SAMPLING_PERCENT_HIGH",
          "SAMPLING_PERCENT",
          "SAMPLING_DECISION_WAIT",
          "ORRERY_BACKEND_ENDPOINT",
          "ORRERY_BACKEND_HEADERS",
        ),
        POSTGRES_MONITORING_PASSWORD: setting("POSTGRES_MONITORING_PASSWORD"),
      },
      passed: [...withMounts, "OTLP_ALLOWED_ORIGINS", "VALKEY_USERNAME", "VALKEY_PASSWORD"],
      scratch: ["/tmp", "/var/lib/otelcol:uid=10001,gid=10001"],
      volumes: [mounted("otel/collector", "/etc/otelcol")],
    },
    {
      name: "jaeger",
      image: setting("JAEGER_IMAGE"),
      memoryMb: 176,
      command: ["--config", "/etc/jaeger/config.yaml"],
      environment: { GOMEMLIMIT: "150MiB", ...settings("JAEGER_MAX_TRACES"), OTEL_TRACES_SAMPLER: "always_off" },
      volumes: [mounted("otel/jaeger/config.yaml", "/etc/jaeger/config.yaml")],
    },
    {
      name: "prometheus",
      image: setting("PROMETHEUS_IMAGE"),
      memoryMb: 172,
      command: [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=7d",
        "--storage.tsdb.retention.size=1GB",
        "--web.enable-otlp-receiver",
        "--enable-feature=exemplar-storage",
      ],
      environment: { GOMEMLIMIT: "150MiB" },
      volumes: ["prometheus:/prometheus", mounted("otel/prometheus", "/etc/prometheus")],
      healthCheck: ["promtool", "check", "healthy"],
      more: { ports: [`${setting("PUBLISH_ADDRESS")}:${setting("PROMETHEUS_PORT")}:9090`] },
    },
    {
      name: "alertmanager",
      image: setting("ALERTMANAGER_IMAGE"),
      memoryMb: 56,
      command: [
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
        // One instance: it has no peers to listen for.
        "--cluster.listen-address=",
      ],
      environment: { GOMEMLIMIT: "48MiB" },
      volumes: ["alertmanager:/alertmanager", mounted("otel/alertmanager", "/etc/alertmanager")],
      healthCheck: ["amtool", "alert", "query", "--alertmanager.url=http://127.0.0.1:9093"],
    },
    {
      name: "loki",
      image: setting("LOKI_IMAGE"),
      memoryMb: 168,
      command: ["-config.file=/etc/loki/loki.yaml", "-config.expand-env=true"],
      environment: { GOMEMLIMIT: "143MiB", ...settings("LOKI_RETENTION") },
      volumes: ["loki:/loki", mounted("otel/loki/loki.yaml", "/etc/loki/loki.yaml")],
    },
    {
      name: "grafana",
      image: setting("GRAFANA_IMAGE"),
      memoryMb: 160,
      environment: {
        GOMEMLIMIT: "136MiB",
        GRAFANA_ADMIN_USER: "admin",
        GRAFANA_ADMIN_PASSWORD: setting("GRAFANA_ADMIN_PASSWORD"),
      },
      volumes: [
        "grafana:/var/lib/grafana",
        mounted("otel/grafana/grafana.ini", "/etc/grafana/grafana.ini"),
        mounted("otel/grafana/provisioning", "/etc/grafana/provisioning"),
        mounted("otel/grafana/dashboards", "/etc/grafana/dashboards"),
      ],
      healthCheck: ["wget", "--quiet", "--spider", "http://127.0.0.1:3000/grafana/api/health"],
    },
  ].map((container) => ({ ...container, profile: observabilityProfile }));
}

/** Variables under their own names. */
function settings(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, setting(name)]));
}
