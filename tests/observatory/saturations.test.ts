import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AlertState } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { saturations } from "../../src/observatory/objectives/saturations.ts";
import { otlpJsonToBinary } from "../../src/observatory/otlp/json.ts";
import { TelemetryStore } from "../../src/observatory/store/telemetry-store.ts";

/** What a process tells of a metric at one moment. */
interface Reported {
  readonly service: string;
  readonly instance?: string;
  readonly metric: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Of a gauge, of what has been counted so far, or of how many measurements were made so far. */
  readonly as: "gauge" | "sum" | "histogram";
  readonly value: number;
}

describe("what runs short", () => {
  const exportSeconds = 5;
  let begun = 0;
  let clock = 0;
  let store: TelemetryStore;

  const open = async (timeScale: number) => {
    begun = Math.floor(Date.now() / 10_000) * 10_000;
    clock = begun;
    store = await TelemetryStore.open({
      path: undefined,
      memoryMb: 64,
      maxSpans: 10_000,
      queryTimeoutMs: 10_000,
      shape: { nodes: new Map(), edges: new Set() },
      objectives: [],
      saturations,
      timeScale,
      now: () => clock,
    });
  };
  beforeEach(() => open(1));
  afterEach(() => store.close());

  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));

  function report({ service, instance = `1/${service}`, metric, attributes = {}, as, value }: Reported) {
    const point = {
      startTimeUnixNano: `${BigInt(begun) * 1_000_000n}`,
      timeUnixNano: `${BigInt(clock) * 1_000_000n}`,
      attributes: pairs(attributes),
    };
    const data = {
      gauge: { gauge: { dataPoints: [{ ...point, asDouble: value }] } },
      sum: { sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ ...point, asDouble: value }] } },
      histogram: {
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              ...point,
              count: String(value),
              sum: value / 100,
              bucketCounts: [String(value), "0"],
              explicitBounds: [1],
            },
          ],
        },
      },
    }[as];
    const resource = { attributes: pairs({ "service.name": service, "service.instance.id": instance }) };
    const json = JSON.stringify({
      resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: metric, ...data }] }] }],
    });
    store.accept("metrics", otlpJsonToBinary("metrics", json));
  }

  /** Seconds in which processes report every five, or as often as it takes; alerts that changed meanwhile. */
  async function pass(seconds: number, reports: (second: number) => readonly Reported[], every = exportSeconds) {
    const changes: [string, string, AlertState][] = [];
    for (let second = every; second <= seconds; second += every) {
      clock += every * 1_000;
      for (const reported of reports(second)) report(reported);
      await store.settle();
      const before = store.alerts.fresh.last;
      await store.judge();
      for (const { name = "", service = "", state = 0 } of store.alerts.fresh.after(before, 100)) {
        changes.push([name, service, state]);
      }
    }
    return changes;
  }

  const lag = (value: number): Reported => ({
    service: "fraud-detection",
    metric: "demo.event.lag",
    attributes: { "messaging.destination.name": "orders" },
    as: "gauge",
    value,
  });

  it("is raised by a value that stays beyond its limit, and clears when it no longer is", async () => {
    expect(await pass(60, () => [lag(3)])).toEqual([]);
    const raised = await pass(75, () => [lag(400)]);
    expect(raised).toEqual([
      ["consumer-lag", "fraud-detection", AlertState.PENDING],
      ["consumer-lag", "fraud-detection", AlertState.FIRING],
    ]);
    expect(store.alerts.list(1)[0]?.summary).toBe("400 messages of orders wait for fraud-detection.");
    expect(await pass(45, () => [lag(2)])).toEqual([["consumer-lag", "fraud-detection", AlertState.CLEARED]]);
  });

  it("is not raised by a value that is beyond its limit for a moment", async () => {
    await pass(30, () => [lag(400)]);
    expect(await pass(60, () => [lag(4)])).toEqual([["consumer-lag", "fraud-detection", AlertState.CLEARED]]);
    expect(await store.ask("select * from alerts")).toEqual([]);
  });

  it("goes with the process that told of it", async () => {
    await pass(75, () => [lag(400)]);
    expect(await pass(150, () => [])).toEqual([["consumer-lag", "fraud-detection", AlertState.CLEARED]]);
  });

  it("is raised for each service of its own", async () => {
    const ready = (service: string, value: number): Reported => ({
      service,
      metric: "demo.service.ready",
      as: "gauge",
      value,
    });
    await pass(20, () => [ready("cart", 1), ready("ad", 1), ready("email", 1)]);
    const raised = await pass(20, () => [ready("cart", 0), ready("ad", 1), ready("email", 0)]);
    const firing = raised
      .filter(([, , state]) => state === AlertState.FIRING)
      .map(([name, service]) => [name, service]);
    expect(firing).toEqual([
      ["service-not-ready", "cart"],
      ["service-not-ready", "email"],
    ]);
    const after = await pass(40, () => [ready("cart", 1), ready("ad", 1), ready("email", 0)]);
    expect(after).toEqual([["service-not-ready", "cart", AlertState.CLEARED]]);
    await store.settle();
    const stored = await store.ask("select service, until is null as lasts from alerts order by service");
    expect(stored).toEqual([
      { service: "cart", lasts: false },
      { service: "email", lasts: true },
    ]);
  });

  it("is told of the worst process of a service", async () => {
    const memory = (instance: string, value: number): Reported => ({
      service: "email",
      instance,
      metric: "demo.process.memory.utilization",
      as: "gauge",
      value,
    });
    await pass(20, () => [memory("a", 0.4), memory("b", 0.93), memory("c", 0.85)]);
    expect(store.alerts.list(10)).toMatchObject([
      {
        name: "process-memory",
        service: "email",
        severity: "page",
        state: AlertState.FIRING,
        summary: "b holds 93 % of the memory that it may use. At all of it the process ends.",
      },
    ]);
  });

  it("adds up what a process uses of processors, and leaves the process alone that all services share", async () => {
    const uses =
      (service: string, [user, system]: readonly [number, number]) =>
      (second: number): readonly Reported[] =>
        (
          [
            ["user", user],
            ["system", system],
          ] as const
        ).map(([mode, share]) => ({
          service,
          metric: "process.cpu.time",
          attributes: { "cpu.mode": mode },
          as: "sum",
          value: share * second,
        }));
    const both = (second: number) => [...uses("ad", [0.6, 0.7])(second), ...uses("orrery", [1.5, 0.2])(second)];
    const calm = uses("cart", [0.3, 0.1]);
    const raised = await pass(120, (second) => [...both(second), ...calm(second)]);
    expect(raised).toEqual([
      ["process-cpu", "ad", AlertState.PENDING],
      ["process-cpu", "ad", AlertState.FIRING],
    ]);
    expect(store.alerts.list(1)[0]?.summary).toContain("1/ad uses 1.30 cores");
  });

  describe("of requests", () => {
    let made = 0;
    beforeEach(() => {
      made = 0;
    });
    const requests =
      (rate: number, every = exportSeconds) =>
      () => {
        made += rate * every;
        return [{ service: "frontend", metric: "http.server.request.duration", as: "histogram", value: made } as const];
      };

    it("is a flood when there are many times as many as was usual", async () => {
      expect(await pass(600, requests(10))).toEqual([]);
      expect(await pass(90, requests(100))).toEqual([
        ["requests-surge", "frontend", AlertState.PENDING],
        ["requests-surge", "frontend", AlertState.FIRING],
      ]);
      expect(store.alerts.list(1)[0]?.summary).toMatch(/^frontend gets \d+\.\d times as many requests as was usual/);
      expect(await pass(150, requests(10))).toContainEqual(["requests-surge", "frontend", AlertState.CLEARED]);
    });

    it("is none when a shop opens, and when few customers become a few more", async () => {
      expect(await pass(240, requests(50))).toEqual([]);
      await store.close();
      await open(1);
      made = 0;
      await pass(300, requests(0.2));
      expect(await pass(120, requests(8))).toEqual([]);
    });

    it("is seen within seconds where time is scaled", async () => {
      await store.close();
      await open(5);
      expect(await pass(40, requests(30, 1), 1)).toEqual([]);
      expect(await pass(15, requests(400, 1), 1)).toContainEqual(["requests-surge", "frontend", AlertState.FIRING]);
    });
  });
});
