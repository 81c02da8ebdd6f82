import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AlertState } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { ObjectiveDefinition } from "../../src/observatory/objectives/objective.ts";
import { otlpJsonToBinary } from "../../src/observatory/otlp/json.ts";
import { listMarks } from "../../src/observatory/store/questions/marks.ts";
import { TelemetryStore } from "../../src/observatory/store/telemetry-store.ts";
import { EmittingService } from "./watched-system.ts";

const objectives: readonly ObjectiveDefinition[] = [
  {
    name: "checkout-availability",
    service: "checkout",
    description: "Orders are placed.",
    indicator: { kind: "availability", operations: { kind: "server", names: ["PlaceOrder"] } },
    target: 0.99,
    windowSeconds: 3_600,
  },
  {
    name: "payment-acceptance",
    service: "payment",
    description: "Cards are accepted.",
    indicator: { kind: "outcomes", good: "demo.payment.transactions", bad: "demo.payment.declines" },
    target: 0.9,
    windowSeconds: 3_600,
  },
  {
    name: "checkout-latency",
    service: "checkout",
    description: "Orders are placed within a second.",
    indicator: { kind: "latency", operations: { kind: "server" }, thresholdMs: 1_000 },
    target: 0.99,
    windowSeconds: 3_600,
  },
];

describe("objectives", () => {
  let clock = Date.now();
  let store: TelemetryStore;
  let checkout: EmittingService;

  const open = async (timeScale: number) => {
    clock = Math.floor(Date.now() / 10_000) * 10_000;
    store = await TelemetryStore.open({
      path: undefined,
      memoryMb: 64,
      maxSpans: 10_000,
      queryTimeoutMs: 10_000,
      shape: { nodes: new Map(), edges: new Set() },
      objectives,
      saturations: [],
      timeScale,
      now: () => clock,
    });
    checkout = new EmittingService("checkout", { accept: (signal, request) => store.accept(signal, request) });
  };

  beforeEach(() => open(1));
  afterEach(() => store.close());

  /** Seconds of traffic, one call each, and a look at the objectives every five. */
  async function pass(seconds: number, call: { fails?: boolean; ms?: number; name?: string } = {}) {
    const changes: [string, AlertState][] = [];
    for (let second = 1; second <= seconds; second++) {
      clock += 1_000;
      const span = checkout.span(call.name ?? "PlaceOrder", {
        kind: SpanKind.SERVER,
        startTime: clock - (call.ms ?? 20),
      });
      if (call.fails) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(clock);
      if (second % 5 !== 0) continue;
      await checkout.flush();
      await store.settle();
      const before = store.alerts.fresh.last;
      await store.judge();
      for (const alert of store.alerts.fresh.after(before, 100)) {
        changes.push([alert.name ?? "", alert.state ?? AlertState.UNSPECIFIED]);
      }
    }
    return changes;
  }

  const attained = async (name: string) => (await store.objectives.list()).objectives?.find((one) => one.name === name);

  it("raise nothing while they are kept", async () => {
    expect(await pass(120)).toEqual([]);
    expect(await attained("checkout-availability")).toMatchObject({ attained: 1, events: 120n, budgetLeft: 1 });
  });

  it("raise an alert within half a minute of an outage, and clear it after the outage has ended", async () => {
    await pass(120);
    const raised = await pass(40, { fails: true });
    expect(raised).toContainEqual(["checkout-availability-page", AlertState.PENDING]);
    expect(raised).toContainEqual(["checkout-availability-page", AlertState.FIRING]);
    expect(raised.filter(([name]) => name.startsWith("checkout-latency"))).toEqual([]);
    const objective = await attained("checkout-availability");
    expect(objective?.attained).toBeCloseTo(120 / 160);
    expect(objective?.budgetLeft).toBeLessThan(0);
    expect(objective?.burnRates?.[0]?.rate).toBeGreaterThan(50);
    expect(objective?.history?.length).toBeGreaterThanOrEqual(3);

    const cleared = await pass(180);
    expect(cleared).toContainEqual(["checkout-availability-page", AlertState.CLEARED]);
    const [alert] = store.alerts.list(10).filter(({ name }) => name === "checkout-availability-page");
    expect(alert?.state).toBe(AlertState.CLEARED);
    expect(alert?.until).toBeDefined();
    await store.settle();
    const { marks } = await listMarks(undefined, { ask: store.ask, nowMs: clock });
    expect(marks?.map(({ kind, service }) => [kind, service])).toContainEqual(["alert", "checkout"]);
    const [row] = await store.ask<{ count: bigint }>("select count(*) as count from alerts where until is not null");
    expect(row?.count).toBeGreaterThanOrEqual(1n);
  });

  it("of latency look at slow calls, not at failed ones", async () => {
    const raised = await pass(60, { ms: 3_000 });
    expect(raised).toContainEqual(["checkout-latency-page", AlertState.FIRING]);
    expect(raised.filter(([name]) => name.startsWith("checkout-availability"))).toEqual([]);
  });

  it("look at their own operations only", async () => {
    expect(await pass(60, { fails: true, name: "Other" })).toEqual([]);
  });

  it("are judged over a fifth of the time where time is scaled by five", async () => {
    await store.close();
    await open(5);
    await pass(30);
    expect(await pass(10, { fails: true })).toContainEqual(["checkout-availability-page", AlertState.FIRING]);
    const objective = await attained("checkout-availability");
    expect(objective).toMatchObject({ windowSeconds: 720, burnRates: [{ windowSeconds: 12 }, {}, {}] });
    expect(await pass(30)).toContainEqual(["checkout-availability-page", AlertState.CLEARED]);
  });

  it("of outcomes count what two counters of the service rise by", async () => {
    const begun = clock;
    const count = (service: string, name: string, value: number) => {
      const point = {
        startTimeUnixNano: `${BigInt(begun) * 1_000_000n}`,
        timeUnixNano: `${BigInt(clock) * 1_000_000n}`,
        asInt: String(value),
      };
      const sum = { isMonotonic: true, aggregationTemporality: 2, dataPoints: [point] };
      const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
      const json = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name, sum }] }] }] });
      store.accept("metrics", otlpJsonToBinary("metrics", json));
    };
    for (let second = 5; second <= 120; second += 5) {
      clock += 5_000;
      count("payment", "demo.payment.transactions", second);
      count("payment", "demo.payment.declines", second * 3);
      count("another", "demo.payment.declines", second * 100);
      await store.settle();
      await store.judge();
    }
    expect(await attained("payment-acceptance")).toMatchObject({ attained: 0.25, events: 480n });
    expect(store.alerts.list(10).map(({ name }) => name)).toContain("payment-acceptance-page");
  });

  it("say nothing about a handful of calls", async () => {
    expect(await pass(9, { fails: true })).toEqual([]);
  });
});
