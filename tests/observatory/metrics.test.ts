import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Aggregation, MetricType, QueryMetricRequestSchema } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { otlpJsonToBinary } from "../../src/observatory/otlp/json.ts";
import { metricSink } from "../../src/platform/telemetry/sink.ts";
import { watchedSystem } from "./watched-system.ts";

const second = 1_000_000_000n;

describe("metrics", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  /** Five minutes ago. */
  const start = BigInt(Math.floor(Date.now() / 1_000) - 300) * second;
  const at = (seconds: number) => `${start + BigInt(seconds) * second}`;
  const traceId = "0af7651916cd43dd8448eb211c80319c";

  function send(service: string, metrics: object[]) {
    const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
    const json = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
    system.observatory.sink.accept("metrics", otlpJsonToBinary("metrics", json));
  }
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));

  beforeAll(async () => {
    system = await watchedSystem();
    for (let seconds = 10; seconds <= 300; seconds += 10) {
      // Orders: one a second in euros, two in dollars; counted anew after 150 seconds.
      const counted = seconds <= 150 ? seconds : seconds - 150;
      send("checkout", [
        {
          name: "demo.orders",
          description: "Orders placed",
          unit: "{order}",
          sum: {
            isMonotonic: true,
            aggregationTemporality: 2,
            dataPoints: ["EUR", "USD"].map((currency, index) => ({
              startTimeUnixNano: at(seconds <= 150 ? 0 : 150),
              timeUnixNano: at(seconds),
              asInt: String(counted * (index + 1)),
              attributes: attributes({ currency }),
            })),
          },
        },
        {
          name: "demo.wait",
          unit: "s",
          histogram: {
            aggregationTemporality: 2,
            dataPoints: [
              {
                startTimeUnixNano: at(0),
                timeUnixNano: at(seconds),
                count: String(seconds * 10),
                sum: seconds * 5,
                bucketCounts: [seconds * 5, seconds * 4, seconds, 0].map(String),
                explicitBounds: [0.1, 1, 10],
                exemplars: [{ timeUnixNano: at(seconds - 1), asDouble: 7, traceId, spanId: "b7ad6b7169203331" }],
              },
            ],
          },
        },
        {
          name: "demo.delta",
          sum: {
            isMonotonic: true,
            aggregationTemporality: 1,
            dataPoints: [{ startTimeUnixNano: at(seconds - 10), timeUnixNano: at(seconds), asInt: "30" }],
          },
        },
      ]);
      for (const service of ["checkout", "cart"]) {
        send(service, [
          {
            name: "process.memory",
            unit: "By",
            gauge: { dataPoints: [{ timeUnixNano: at(seconds), asInt: service === "cart" ? "100" : "300" }] },
          },
        ]);
      }
    }
    await system.settle();
  });
  afterAll(() => system.stop());

  const range = {
    start: { seconds: start / second, nanos: 0 },
    end: { seconds: start / second + 300n, nanos: 0 },
  };
  const query = async (request: MessageInitShape<typeof QueryMetricRequestSchema>) => {
    const { series } = await system.client.queryMetric(
      create(QueryMetricRequestSchema, { range, stepSeconds: 30, ...request } as MessageInitShape<
        typeof QueryMetricRequestSchema
      >),
    );
    return series.map(({ labels, points }) => ({ labels, values: points.map(({ value }) => value) }));
  };

  it("are listed with what is said of them", async () => {
    const { metrics } = await system.client.listMetrics({});
    expect(metrics.map(({ name, type }) => [name, type])).toEqual([
      ["demo.delta", MetricType.COUNTER],
      ["demo.orders", MetricType.COUNTER],
      ["demo.wait", MetricType.HISTOGRAM],
      ["process.memory", MetricType.GAUGE],
    ]);
    expect(metrics[1]).toMatchObject({ unit: "{order}", description: "Orders placed", attributeKeys: ["currency"] });
    expect(metrics[3]?.services).toEqual(["cart", "checkout"]);
    expect((await system.client.listMetrics({ service: "cart" })).metrics).toHaveLength(1);
  });

  it("that count are shown as rates, through a restart too", async () => {
    const [series] = await query({ name: "demo.orders" });
    expect(series?.values).toHaveLength(10);
    // The step that a count ends in: what came between its last export and its end is not known.
    for (const value of series?.values.slice(1) ?? []) expect(value).toBeGreaterThan(1.9);
    for (const value of series?.values ?? []) expect(value).toBeLessThan(3.1);
    expect(series?.values[2]).toBeCloseTo(3);
  });

  it("are grouped and filtered by attributes", async () => {
    const groups = await query({ name: "demo.orders", groupBy: ["currency"] });
    expect(groups.map(({ labels }) => labels)).toEqual([{ currency: "USD" }, { currency: "EUR" }]);
    expect(groups[0]?.values[2]).toBeCloseTo(2);
    const [euros] = await query({ name: "demo.orders", attributes: { currency: "EUR" } });
    expect(euros?.values[2]).toBeCloseTo(1);
    expect(await query({ name: "demo.orders", attributes: { currency: "CHF" } })).toEqual([]);
  });

  it("that tell differences count like the others", async () => {
    const [series] = await query({ name: "demo.delta", aggregation: Aggregation.SUM });
    expect(series?.values[2]).toBeCloseTo(90);
  });

  it("of distributions have rates, averages and quantiles", async () => {
    const value = async (aggregation: Aggregation) => (await query({ name: "demo.wait", aggregation }))[0]?.values[3];
    expect(await value(Aggregation.RATE)).toBeCloseTo(10);
    expect(await value(Aggregation.AVERAGE)).toBeCloseTo(0.5);
    expect(await value(Aggregation.P50)).toBeCloseTo(0.1);
    expect(await value(Aggregation.P95)).toBeCloseTo(5.5);
  });

  it("lead to traces by their exemplars", async () => {
    const { series } = await system.client.queryMetric({ range, name: "demo.wait" });
    expect(series[0]?.exemplars).toHaveLength(30);
    expect(series[0]?.exemplars[0]).toMatchObject({ value: 7, traceId, spanId: "b7ad6b7169203331" });
  });

  it("that stand still are known at every step, though stored once a minute", async () => {
    const [series] = await query({ name: "process.memory", stepSeconds: 10 });
    expect(new Set(series?.values.slice(2))).toEqual(new Set([400]));
    const groups = await query({ name: "process.memory", groupBy: ["service.name"], aggregation: Aggregation.LAST });
    expect(groups.map(({ labels, values }) => [labels["service.name"], values.at(-1)])).toEqual([
      ["checkout", 300],
      ["cart", 100],
    ]);
    const [points] = (
      await system.client.runQuery({
        sql: "select count(*) from metric_points join metric_series using (series_id) where name = 'process.memory'",
      })
    ).rows;
    expect(points?.values[0]?.kind.value).toBeLessThan(16);
  });

  it("that are unknown are not found", async () => {
    await expect(system.client.queryMetric({ name: "nothing" })).rejects.toThrow(/no metric "nothing"/);
  });

  it("are read as OpenTelemetry's SDK writes them", async () => {
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ "service.name": "sdk" }),
      readers: [new PeriodicExportingMetricReader({ exporter: metricSink(system.observatory.sink) })],
    });
    const meter = provider.getMeter("test");
    meter.createCounter("sdk.counter").add(3, { colour: "red" });
    meter.createUpDownCounter("sdk.level").add(-2);
    meter.createHistogram("sdk.times", { unit: "ms" }).record(12);
    await provider.forceFlush();
    await system.settle();
    const { metrics } = await system.client.listMetrics({ service: "sdk" });
    expect(metrics.map(({ name, type }) => [name, type])).toEqual([
      ["sdk.counter", MetricType.COUNTER],
      ["sdk.level", MetricType.UP_DOWN_COUNTER],
      ["sdk.times", MetricType.HISTOGRAM],
    ]);
    await provider.shutdown();
  });
});
