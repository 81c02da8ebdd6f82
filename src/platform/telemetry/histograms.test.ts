import { ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { AggregationTemporality, type MetricProducer } from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { Histograms, type PointWithExemplars } from "./histograms.ts";

const scope = { name: "test" };

async function points(producer: MetricProducer): Promise<PointWithExemplars[]> {
  const { resourceMetrics } = await producer.collect();
  return resourceMetrics.scopeMetrics[0]?.metrics.flatMap((metric) => metric.dataPoints as PointWithExemplars[]) ?? [];
}

function within(traceFlags: TraceFlags) {
  const spanContext = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags };
  return trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(spanContext));
}

describe("a histogram", () => {
  const made = () => {
    const histograms = new Histograms(scope);
    const histogram = histograms.create("duration", { advice: { explicitBucketBoundaries: [1, 2, 5] } });
    return { histograms, histogram, cumulative: histograms.producer(AggregationTemporality.CUMULATIVE) };
  };

  it("counts a value in the bucket whose upper bound it does not exceed", async () => {
    const { histogram, cumulative } = made();
    for (const value of [0, 1, 1.5, 2, 5, 5.1]) histogram.record(value);
    const [point] = await points(cumulative);
    expect(point?.value).toMatchObject({
      count: 6,
      sum: 14.6,
      buckets: { boundaries: [1, 2, 5], counts: [2, 2, 1, 1] },
    });
  });

  it("leaves out what is no measurement", async () => {
    const { histogram, cumulative } = made();
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) histogram.record(value);
    expect(await points(cumulative)).toEqual([]);
  });

  it("knows the same attributes again in any order, frozen or not", async () => {
    const { histogram, cumulative } = made();
    const frozen = Object.freeze({ a: 1, b: "x" });
    for (const attributes of [frozen, { b: "x", a: 1 }, frozen, { a: "1", b: "x" }]) histogram.record(1, attributes);
    const found = (await points(cumulative)).map(({ attributes, value }) => [attributes, value.count]);
    expect(found).toEqual([
      [{ a: 1, b: "x" }, 3],
      [{ a: "1", b: "x" }, 1],
    ]);
  });

  it("is not changed by what becomes of the caller's attributes", async () => {
    const { histogram, cumulative } = made();
    const attributes = { a: 1 };
    histogram.record(1, attributes);
    attributes.a = 2;
    histogram.record(1, attributes);
    expect((await points(cumulative)).map((point) => point.attributes)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("counts attributes beyond two thousand sets together, and loses no measurement", async () => {
    const { histogram, cumulative } = made();
    for (let id = 0; id < 2_500; id++) histogram.record(1, { id });
    const found = await points(cumulative);
    expect(found).toHaveLength(2_001);
    expect(found.at(-1)).toMatchObject({ attributes: { "otel.metric.overflow": true }, value: { count: 500 } });
  });

  it("tells each reader all of the time, or what is new since that reader asked last", async () => {
    const { histograms, histogram, cumulative } = made();
    const delta = histograms.producer(AggregationTemporality.DELTA);
    const counts = async (producer: MetricProducer) =>
      (await points(producer)).map(({ value }) => value.buckets.counts);
    histogram.record(1);
    expect([await counts(cumulative), await counts(delta)]).toEqual([[[1, 0, 0, 0]], [[1, 0, 0, 0]]]);
    histogram.record(3);
    expect([await counts(cumulative), await counts(delta)]).toEqual([[[1, 0, 1, 0]], [[0, 0, 1, 0]]]);
    expect([await counts(cumulative), await counts(delta)]).toEqual([[[1, 0, 1, 0]], []]);
  });

  it("keeps an exemplar a bucket, of sampled traces only, and tells each reader once", async () => {
    const { histogram, cumulative } = made();
    histogram.record(0.5, {}, within(TraceFlags.SAMPLED));
    histogram.record(0.7, {}, within(TraceFlags.NONE));
    histogram.record(9, {}, within(TraceFlags.SAMPLED));
    histogram.record(0.1);
    const [first] = await points(cumulative);
    expect(first?.exemplars.map(({ value, spanId }) => [value, spanId])).toEqual([
      [0.5, "b7ad6b7169203331"],
      [9, "b7ad6b7169203331"],
    ]);
    const [second] = await points(cumulative);
    expect(second?.exemplars).toEqual([]);
  });
});
