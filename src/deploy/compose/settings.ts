import { type Container, memoryVariable, type Setting } from "./container.ts";

/** A password that says of itself that everybody knows it. */
const known = (what: string) => `change-me-${what}`;

/** Everything in docker-compose.yml that people change, but for memory. */
export function generalSettings(options: {
  readonly version: string;
  readonly passwords: readonly string[];
}): readonly Setting[] {
  const { version, passwords } = options;
  return [
    {
      name: "COMPOSE_PROJECT_NAME",
      value: "orrery",
      why: "Comes before the names of containers and volumes. A second shop beside the first needs another, and other ports.",
    },
    {
      name: "COMPOSE_PROFILES",
      value: "",
      why: "What runs beside the shop: nothing, or observability (Collector, Jaeger, Prometheus, Alertmanager, Loki, Grafana, the\nObservatory). Set it here or in the environment, not by --profile: services see by it whether somebody takes their telemetry.\nCustomers who never tire are a profile, too: observability,load here, or --profile load for them alone.",
    },
    {
      name: "ORRERY_IMAGE",
      value: "orrery",
      why: "The image of all services. It is built from here; with the policy `missing` it is fetched, under a name of yours.",
    },
    { name: "ORRERY_VERSION", value: version },
    { name: "ORRERY_PULL_POLICY", value: "never" },
    {
      name: "PUBLISH_ADDRESS",
      value: "127.0.0.1",
      why: "Where the shop and Prometheus are reached; 0.0.0.0 opens them to the network. Change the secrets first.",
    },
    { name: "ENVOY_PORT", value: "8080" },
    { name: "PROMETHEUS_PORT", value: "9090" },
    { name: "LOAD_GENERATOR_VUS", value: "5", why: "Users that the load generator plays; see the profile load above." },
    { name: "LOG_LEVEL", value: "info", why: "debug, info, warn or error." },
    {
      name: "ORRERY_BLIND",
      value: "",
      why: "Hides what flags do behind names that say nothing: /var/lib/orrery/names/names.json, which is made then and tells them.",
    },
    {
      name: "COLLECTOR_CONFIGS",
      value: "",
      why: "Further files of otel/collector/, such as: --config=/etc/otelcol/redaction.yaml --config=/etc/otelcol/tail-sampling.yaml",
    },
    {
      name: "ORRERY_SECRET",
      value: known("0123456789abcdef"),
      why: "Secrets. These are for a demonstration on your own machine: anybody can read them here. Elsewhere put others in their place\n(openssl rand -hex 24) before the first start; PostgreSQL keeps the passwords that its data folder was made with.",
    },
    ...passwords.map((name) => ({ name, value: known(name.toLowerCase().replace(/_(db_)?password$/, "")) })),
    { name: "GRAFANA_ADMIN_PASSWORD", value: known("grafana") },
    {
      name: "ENVOY_IMAGE",
      value: "envoyproxy/envoy:v1.40.0",
      why: "The engines, in the versions that the tests run with.",
    },
    { name: "FLAGD_IMAGE", value: "ghcr.io/open-feature/flagd:v0.16.0" },
    { name: "KAFKA_IMAGE", value: "apache/kafka:4.3.1" },
    { name: "POSTGRES_IMAGE", value: "postgres:18" },
    { name: "VALKEY_IMAGE", value: "valkey/valkey:8.1.3" },
    { name: "COLLECTOR_IMAGE", value: "otel/opentelemetry-collector-contrib:0.144.0" },
    { name: "JAEGER_IMAGE", value: "jaegertracing/jaeger:2.13.0" },
    { name: "PROMETHEUS_IMAGE", value: "prom/prometheus:v3.15.0" },
    { name: "ALERTMANAGER_IMAGE", value: "prom/alertmanager:v0.34.2" },
    { name: "LOKI_IMAGE", value: "grafana/loki:3.7.8" },
    { name: "GRAFANA_IMAGE", value: "grafana/grafana:12.1.1" },
  ];
}

/** What each container may use. */
export function memorySettings(containers: readonly Container[], why: string): readonly Setting[] {
  return containers.map(({ name, memoryMb }, index) => ({
    name: memoryVariable(name),
    value: `${memoryMb}m`,
    ...(index === 0 ? { why } : {}),
  }));
}

/** Settings as a file that compose reads. */
export function environmentFile(settings: readonly Setting[], head: string): string {
  const remark = (text: string) => text.replaceAll(/^/gm, "# ");
  const lines = settings.flatMap(({ name, value, why }) => [
    ...(why === undefined ? [] : ["", remark(why)]),
    `${name}=${value}`,
  ]);
  return `${remark(head)}\n${lines.join("\n")}\n`;
}
