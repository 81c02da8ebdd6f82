import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  type HrTime,
  type MetricOptions,
  ValueType,
} from "@opentelemetry/api";
import { hrTime, type InstrumentationScope } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type HistogramMetricData,
  type MetricProducer,
  type Histogram as Recorded,
} from "@opentelemetry/sdk-metrics";
import { sampledSpan } from "./unsampled-span.ts";

/** A measurement that tells the trace that it was made in. */
export interface Exemplar {
  readonly value: number;
  /** Milliseconds of Unix time. */
  readonly timeMs: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** The SDK's point, with what its metrics have no place for. */
export interface PointWithExemplars extends DataPoint<Recorded> {
  readonly exemplars: readonly Exemplar[];
}

interface Series {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  /** One a bucket, the last one more than there are boundaries. */
  readonly counts: number[];
  /** The latest measurement of each bucket that was made in a sampled trace. */
  readonly exemplars: Exemplar[];
  count: number;
  sum: number;
}

/** Sets of attributes kept apart in one histogram; OpenTelemetry's default. */
const maxSeries = 2_000;
const overflow: Attributes = Object.freeze({ "otel.metric.overflow": true });
const noAttributes: Attributes = Object.freeze({});
/** The specification's, for instruments that advise none. */
const defaultBoundaries = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/**
 * The histograms of one service. They are here and not in the metrics SDK because that has no exemplars yet, and
 * because it orders and joins the attributes of each measurement to find its series, which is most of the cost of
 * measuring a call. A set of attributes that is frozen is known again by its identity.
 *
 * Aggregation and exemplars: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#explicit-bucket-histogram-aggregation
 * and #alignedhistogrambucketexemplarreservoir
 */
export class Histograms {
  readonly #scope: InstrumentationScope;
  readonly #made = new Map<string, BucketHistogram>();

  constructor(scope: InstrumentationScope) {
    this.#scope = scope;
  }

  /** The histogram of that name; asking twice gives the same. */
  create(name: string, options: MetricOptions = {}): Histogram {
    let histogram = this.#made.get(name);
    if (histogram === undefined) {
      histogram = new BucketHistogram(name, options);
      this.#made.set(name, histogram);
    }
    return histogram;
  }

  /**
   * Hands the histograms to one reader of the SDK.
   *
   * @param temporality whether each collection tells of all time or of the time since the one before it
   */
  producer(temporality: AggregationTemporality): MetricProducer {
    const before = new Map<
      Series,
      { readonly counts: readonly number[]; readonly count: number; readonly sum: number }
    >();
    let collectedAt: HrTime | undefined;
    // By the clock that exemplars have.
    let collectedAtMs = 0;
    const isDelta = temporality === AggregationTemporality.DELTA;

    const point = (series: Series, endTime: HrTime, boundaries: number[]): PointWithExemplars | undefined => {
      const last = before.get(series);
      const { counts, count, sum } = series;
      if (isDelta) before.set(series, { counts: [...counts], count, sum });
      const isKnown = isDelta && last !== undefined;
      if (isKnown && last.count === count) return undefined;
      return {
        startTime: (isKnown ? collectedAt : undefined) ?? series.startTime,
        endTime,
        attributes: series.attributes,
        value: {
          buckets: {
            boundaries,
            counts: isKnown ? counts.map((each, index) => each - (last.counts[index] ?? 0)) : [...counts],
          },
          count: isKnown ? count - last.count : count,
          sum: isKnown ? sum - last.sum : sum,
        },
        exemplars: series.exemplars.filter(({ timeMs }) => timeMs > collectedAtMs),
      };
    };

    return {
      collect: async (): Promise<CollectionResult> => {
        const now = hrTime();
        const metrics = [...this.#made.values()].map(
          ({ descriptor, boundaries, series }): HistogramMetricData => ({
            descriptor,
            aggregationTemporality: temporality,
            dataPointType: DataPointType.HISTOGRAM,
            dataPoints: [...series].map((each) => point(each, now, boundaries)).filter((each) => each !== undefined),
          }),
        );
        collectedAt = now;
        collectedAtMs = Date.now();
        return {
          resourceMetrics: {
            resource: emptyResource(),
            scopeMetrics: [{ scope: this.#scope, metrics: metrics.filter(({ dataPoints }) => dataPoints.length > 0) }],
          },
          errors: [],
        };
      },
    };
  }
}

class BucketHistogram implements Histogram {
  readonly descriptor: HistogramMetricData["descriptor"];
  readonly boundaries: number[];
  readonly #frozen = new WeakMap<Attributes, Series>();
  readonly #series = new Map<string, Series>();

  constructor(name: string, { description = "", unit = "", valueType = ValueType.DOUBLE, advice }: MetricOptions) {
    this.descriptor = { name, description, unit, valueType };
    this.boundaries = [...(advice?.explicitBucketBoundaries ?? defaultBoundaries)];
  }

  get series(): Iterable<Series> {
    return this.#series.values();
  }

  /** Negative and infinite values are left out, as the API asks. */
  record(value: number, attributes = noAttributes, within: Context = context.active()): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return;
    const series = this.#frozen.get(attributes) ?? this.#find(attributes);
    let bucket = 0;
    const { boundaries } = this;
    while (bucket < boundaries.length && value > (boundaries[bucket] as number)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.count++;
    series.sum += value;
    const span = sampledSpan(within);
    if (span !== undefined) {
      series.exemplars[bucket] = { value, timeMs: Date.now(), traceId: span.traceId, spanId: span.spanId };
    }
  }

  #find(attributes: Attributes): Series {
    const key = keyOf(attributes);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= maxSeries && attributes !== overflow) return this.#find(overflow);
      series = {
        attributes: { ...attributes },
        startTime: hrTime(),
        counts: new Array(this.boundaries.length + 1).fill(0),
        exemplars: [],
        count: 0,
        sum: 0,
      };
      this.#series.set(key, series);
    }
    if (Object.isFrozen(attributes)) this.#frozen.set(attributes, series);
    return series;
  }
}

/** The same for the same attributes, in whatever order. */
function keyOf(attributes: Attributes): string {
  const names = Object.keys(attributes).sort();
  return JSON.stringify(names.map((name) => [name, attributes[name]]));
}
