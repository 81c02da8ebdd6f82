import { metric } from "../../gen/telemetry/registry.ts";

/** A metric as the registry declares it. */
interface Declared {
  readonly name: string;
  readonly instrument: string;
  readonly unit: string;
}

const declared: readonly Declared[] = Object.values(metric);

const units: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

/**
 * What Prometheus calls a metric of the registry that comes by OTLP, its translation being
 * UnderscoreEscapingWithSuffixes. A histogram's series have `_bucket`, `_count` and `_sum` added to it.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 *
 * @throws Error when the registry has no such metric: a rule on it would never say anything
 */
export function prometheusName(name: string): string {
  const found = declared.find((each) => each.name === name);
  if (found === undefined) throw new Error(`otel/registry/metrics.yaml has no metric ${JSON.stringify(name)}.`);
  const { instrument, unit } = found;
  const parts = [labelName(name)];
  if (units[unit] !== undefined) parts.push(units[unit]);
  if (instrument === "counter") parts.push("total");
  else if (unit === "1" && instrument !== "histogram") parts.push("ratio");
  return parts.join("_");
}

/** What Prometheus calls an attribute. */
export function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, "_");
}

/** `{service_name="cart",error_type!=""}`. */
export function selector(attributes: Readonly<Record<string, string | { readonly not: string }>>): string {
  const matchers = Object.entries(attributes).map(([key, value]) =>
    typeof value === "string"
      ? `${labelName(key)}=${JSON.stringify(value)}`
      : `${labelName(key)}!=${JSON.stringify(value.not)}`,
  );
  return `{${matchers.join(",")}}`;
}
