import { attributesJson } from "../otlp/attributes.ts";
import type { DecodedMetric, DecodedPoint } from "../otlp/metrics.ts";
import { isSpanId, isTraceId } from "../otlp/resource.ts";
import type { Drops } from "./drops.ts";
import type { TableName } from "./schema.ts";
import type { Cell } from "./table-writer.ts";

/** Distinct sets of attributes that a metric of one resource may have; the rest is dropped. */
const maxSeriesPerMetric = 1_000;
const maxSeries = 20_000;
/**
 * A point that says nothing new is stored again after this time only, in seconds: less than a minute, for those who
 * send every minute.
 */
export const repeatSeconds = 55;

interface SeriesState {
  readonly id: number;
  /** What was stored last. */
  value: number;
  count: number;
  storedNanos: bigint;
  exemplarNanos: bigint;
  /** Added up, for points that tell differences. */
  buckets: number[];
}

export interface MetricIntakeOptions {
  readonly write: (table: TableName, row: readonly Cell[]) => void;
  readonly drops: Drops;
  readonly firstSeriesId: number;
  /** How many times sooner than usual a point is repeated. */
  readonly timeScale: number;
}

/** Finds the series of each point and stores what is new. */
export class MetricIntake {
  readonly #options: MetricIntakeOptions;
  readonly #series = new Map<string, SeriesState>();
  readonly #perMetric = new Map<string, number>();
  readonly #repeatNanos: bigint;
  #nextId: number;

  constructor(options: MetricIntakeOptions) {
    this.#options = options;
    this.#repeatNanos = BigInt((repeatSeconds * 1_000) / options.timeScale) * 1_000_000n;
    this.#nextId = options.firstSeriesId;
  }

  /** Whether the point was taken; otherwise it is counted as dropped. */
  accept(
    metric: DecodedMetric,
    point: DecodedPoint,
    resource: { readonly id: number; readonly service: string },
  ): boolean {
    const { write, drops } = this.#options;
    if (!Number.isFinite(point.value)) {
      drops.count("metrics", "unsupported point");
      return false;
    }
    const sorted = new Map([...point.attributes].sort(([a], [b]) => (a < b ? -1 : 1)));
    const attributes = attributesJson(sorted);
    const key = `${resource.id}\n${metric.name}\n${attributes}`;
    let series = this.#series.get(key);
    const isNew = series === undefined;
    if (series === undefined) {
      const metricKey = `${resource.id}\n${metric.name}`;
      const siblings = this.#perMetric.get(metricKey) ?? 0;
      if (siblings >= maxSeriesPerMetric || this.#series.size >= maxSeries) {
        drops.count("metrics", "too many series");
        return false;
      }
      this.#perMetric.set(metricKey, siblings + 1);
      series = { id: this.#nextId++, value: 0, count: 0, storedNanos: 0n, exemplarNanos: 0n, buckets: [] };
      this.#series.set(key, series);
      write("metric_series", [
        series.id,
        metric.name,
        resource.service,
        metric.description,
        metric.unit,
        metric.type,
        attributes,
        resource.id,
        point.bounds.length === 0 ? null : JSON.stringify(point.bounds),
      ]);
    }
    let { value, count, buckets } = point;
    if (metric.isDelta && metric.type !== "gauge") {
      value += series.value;
      count += series.count;
      buckets = buckets.map((bucket, index) => bucket + (series.buckets[index] ?? 0));
      series.buckets = buckets;
    }
    const isHistogram = metric.type === "histogram";
    const store = (timeNanos: bigint, cells: readonly [number, number, readonly number[]]) => {
      const [pointValue, pointCount, pointBuckets] = cells;
      write("metric_points", [
        series.id,
        timeNanos,
        pointValue,
        isHistogram ? BigInt(Math.min(pointCount, Number.MAX_SAFE_INTEGER)) : null,
        pointBuckets.length === 0 ? null : JSON.stringify(pointBuckets),
      ]);
    };
    // What adds up was nothing when it started.
    const startedNanos = point.startNanos;
    if (isNew && metric.type !== "gauge" && startedNanos > 0n && startedNanos < point.timeNanos) {
      store(startedNanos, [0, 0, buckets.map(() => 0)]);
    }
    const isRepeated = !isNew && value === series.value && count === series.count;
    if (!isRepeated || point.timeNanos - series.storedNanos >= this.#repeatNanos) {
      store(point.timeNanos, [value, count, buckets]);
      series.storedNanos = point.timeNanos;
    }
    series.value = value;
    series.count = count;
    for (const exemplar of point.exemplars) {
      // Exporters tell the last one again and again.
      if (exemplar.timeNanos <= series.exemplarNanos || exemplar.timeNanos > point.timeNanos) continue;
      if (!isTraceId(exemplar.traceId) || !isSpanId(exemplar.spanId) || !Number.isFinite(exemplar.value)) continue;
      const { timeNanos, traceId, spanId } = exemplar;
      write("metric_exemplars", [series.id, timeNanos, exemplar.value, traceId, spanId]);
    }
    for (const { timeNanos } of point.exemplars) {
      if (timeNanos > series.exemplarNanos && timeNanos <= point.timeNanos) series.exemplarNanos = timeNanos;
    }
    return true;
  }
}
