import { metric } from "../../gen/telemetry/registry.ts";

/** A metric as the registry declares it, or whoever else sends one. */
export interface DeclaredMetric {
  readonly name: string;
  readonly instrument: "counter" | "gauge" | "histogram" | "updowncounter";
  readonly unit: string;
  /** Keys of its attributes. */
  readonly attributes: readonly string[];
}

const declared: readonly DeclaredMetric[] = Object.values(metric);

const units: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes" };

/**
 * What Prometheus calls a metric of the registry that comes by OTLP.
 *
 * @throws Error when the registry has no such metric: a rule on it would never say anything
 */
export function prometheusName(name: string): string {
  const found = declared.find((each) => each.name === name);
  if (found === undefined) throw new Error(`otel/registry/metrics.yaml has no metric ${JSON.stringify(name)}.`);
  return seriesName(found);
}

/**
 * What Prometheus calls a metric that comes by OTLP, its translation being UnderscoreEscapingWithSuffixes. A histogram's
 * series have `_bucket`, `_count` and `_sum` added to it.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */
export function seriesName({ name, instrument, unit }: DeclaredMetric): string {
  const words = name.split(/[^a-zA-Z0-9:]+/);
  const unitWord = units[unit];
  if (unitWord !== undefined && !words.includes(unitWord)) words.push(unitWord);
  const last = (suffix: string) => [...words.filter((word) => word !== suffix), suffix];
  if (instrument === "counter") return last("total").join("_");
  return (unit === "1" && instrument === "gauge" ? last("ratio") : words).join("_");
}

/** What Prometheus calls an attribute. */
export function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, "_");
}

/** What a label must be, or must not be, or must be like: a regular expression. */
export type Matcher = string | { readonly not: string } | { readonly like: string };

/** `{service_name="cart",error_type!=""}`. */
export function selector(attributes: Readonly<Record<string, Matcher>>): string {
  const matchers = Object.entries(attributes).map(([key, value]) => {
    if (typeof value === "string") return `${labelName(key)}=${JSON.stringify(value)}`;
    return "not" in value
      ? `${labelName(key)}!=${JSON.stringify(value.not)}`
      : `${labelName(key)}=~${JSON.stringify(value.like)}`;
  });
  return `{${matchers.join(",")}}`;
}
