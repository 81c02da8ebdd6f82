import { alertmanager } from "../../stack/engines/alertmanager.ts";
import { collector } from "../../stack/engines/collector.ts";
import { envoy } from "../../stack/engines/envoy.ts";
import { jaeger } from "../../stack/engines/jaeger.ts";
import { kafka } from "../../stack/engines/kafka.ts";
import { loki } from "../../stack/engines/loki.ts";
import { prometheus } from "../../stack/engines/prometheus.ts";
import { type Container, memoryVariable, type Setting } from "./container.ts";

/** A password that says of itself that everybody knows it. */
const known = (what: string) => `change-me-${what}`;

/** Jaeger's module goes on with the numbers of its first version, its image has those of the second: 1.76.0 is 2.13.0. */
function ofSecondJaeger(version: string): string {
  const [, minor, patch] = version.split(".");
  return `2.${Number(minor) - 63}.${patch}`;
}

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
      name: "SAMPLING_SLOW_MS",
      value: "1000",
      why: "Of tail-sampling.yaml: what is slow, the share of traces that is kept of services of high criticality and of all others,\nand how long a trace is waited for.",
    },
    { name: "SAMPLING_PERCENT_HIGH", value: "25" },
    { name: "SAMPLING_PERCENT", value: "5" },
    { name: "SAMPLING_DECISION_WAIT", value: "10s" },
    {
      name: "ORRERY_BACKEND_ENDPOINT",
      value: "",
      why: "One more backend for all telemetry, such as https://otlp.example.com, and its headers: authorization: Bearer ...",
    },
    { name: "ORRERY_BACKEND_HEADERS", value: "" },
    {
      name: "COLLECTOR_MEMORY_MIB",
      value: "115",
      why: "What the Collector may use before it refuses; its container's limit below is a quarter more.",
    },
    {
      name: "JAEGER_MAX_TRACES",
      value: "2000",
      why: "Traces that Jaeger keeps in memory; one of an order takes 50 KB.",
    },
    { name: "LOKI_RETENTION", value: "168h", why: "How long Loki keeps records." },
    {
      name: "ORRERY_SECRET",
      value: known("0123456789abcdef"),
      why: "Secrets. These are for a demonstration on your own machine: anybody can read them here. Elsewhere put others in their place\n(openssl rand -hex 24) before the first start; PostgreSQL keeps the passwords that its data folder was made with.",
    },
    ...passwords.map((name) => ({ name, value: known(name.toLowerCase().replace(/_(db_)?password$/, "")) })),
    {
      name: "REDACTION_KEY",
      value: known("redaction"),
      why: "Of the hashes that redaction.yaml makes of people's addresses.",
    },
    {
      name: "GRAFANA_ADMIN_PASSWORD",
      value: "",
      why: "Of Grafana's user admin, who may change things there. Without one, which Grafana takes for none, nobody may.",
    },
    {
      name: "ENVOY_IMAGE",
      value: `envoyproxy/envoy:v${envoy.version}`,
      why: "The engines. Of all but flagd, PostgreSQL, Valkey and Grafana these are the versions that the tests run with.",
    },
    { name: "FLAGD_IMAGE", value: "ghcr.io/open-feature/flagd:v0.16.0" },
    { name: "KAFKA_IMAGE", value: `apache/kafka:${kafka.version}` },
    { name: "POSTGRES_IMAGE", value: "postgres:18" },
    { name: "VALKEY_IMAGE", value: "valkey/valkey:8.1.3" },
    { name: "COLLECTOR_IMAGE", value: `otel/opentelemetry-collector-contrib:${collector.version}` },
    { name: "JAEGER_IMAGE", value: `jaegertracing/jaeger:${ofSecondJaeger(jaeger.version)}` },
    { name: "PROMETHEUS_IMAGE", value: `prom/prometheus:v${prometheus.version}` },
    { name: "ALERTMANAGER_IMAGE", value: `prom/alertmanager:v${alertmanager.version}` },
    { name: "LOKI_IMAGE", value: `grafana/loki:${loki.version}` },
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

/** A file that compose reads, as somebody has made it his own, with the settings that it lacks. */
export function withSettings(file: string, settings: readonly Setting[]): string {
  const there = new Set([...file.matchAll(/^\s*(?:export\s+)?(\w+)=/gm)].map(([, name]) => name));
  const missing = settings.filter(({ name }) => !there.has(name)).map(({ name, value }) => `${name}=${value}\n`);
  return missing.length === 0 ? file : `${file.replace(/\n*$/, "\n")}${missing.join("")}`;
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
