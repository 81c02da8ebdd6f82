import { type Environment, text, withoutPassword } from "../config/environment.ts";
import type { ServiceDeclaration, Setting } from "./service.ts";

/**
 * What every process reads and may tell. Connection strings, headers and keys are left out: only what stands here and
 * in a declaration is ever told.
 */
const processSettings: readonly Pick<Setting, "name" | "fallback">[] = [
  { name: "ALLOWED_ORIGINS" },
  { name: "KAFKA_ADDR" },
  { name: "ORRERY_TRACE_CONTEXT", fallback: "continue" },
  { name: "ORRERY_CONSUMER_TRACES", fallback: "continue" },
  { name: "OTEL_TRACES_SAMPLER" },
  { name: "OTEL_TRACES_SAMPLER_ARG" },
  { name: "OTEL_METRIC_EXPORT_INTERVAL" },
  { name: "OTEL_RESOURCE_ATTRIBUTES" },
  { name: "OTEL_EXPORTER_OTLP_ENDPOINT" },
  { name: "OTEL_EXPORTER_OTLP_PROTOCOL", fallback: "grpc" },
  ...["TRACES", "METRICS", "LOGS"].flatMap((signal) => [
    { name: `OTEL_${signal}_EXPORTER`, fallback: "otlp" },
    { name: `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT` },
    { name: `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL` },
  ]),
  { name: "PUBLIC_OBSERVATORY_URL" },
  { name: "PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" },
  { name: "WEB_OTEL_SERVICE_NAME", fallback: "frontend-web" },
];

/**
 * The settings that a service starts with, defaults included and secrets left out, as `NAME=value` in the order of
 * their names: what has changed since an earlier start can be read off two of them.
 *
 * @param options.given what the environment alone does not tell: settings of the command line, and defaults that differ between processes
 */
export function toldSettings(
  declaration: ServiceDeclaration,
  options: {
    readonly declarations: readonly ServiceDeclaration[];
    readonly environment: Environment;
    readonly given: Readonly<Record<string, string>>;
  },
): readonly string[] {
  const { declarations, environment, given } = options;
  const callees = declarations.filter(({ name }) => declaration.calls.includes(name));
  const settings: readonly Pick<Setting, "name" | "fallback" | "isSecret">[] = [
    ...processSettings,
    ...(declaration.settings ?? []),
    ...callees.flatMap(({ address }) => (address === undefined ? [] : [{ name: address }])),
  ];
  const values = new Map(Object.entries(given));
  for (const { name, fallback, isSecret } of settings) {
    const value = text(environment, name) ?? fallback;
    if (value !== undefined && !isSecret) values.set(name, value);
  }
  return [...values]
    .map(([name, value]) => `${name}=${withoutPassword(value).split(",").map(whereItLeads).join(",")}`)
    .sort();
}

/** Of a URL: a query and even a path may be a key to what is there. */
function whereItLeads(value: string): string {
  const url = /^\s*[a-z][a-z\d+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  return url === null ? value : `${url.protocol}//${url.host}`;
}
