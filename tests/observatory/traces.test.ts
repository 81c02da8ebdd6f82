import { toBinary } from "@bufbuild/protobuf";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GetTraceResponseSchema, NodeKind } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { eventually } from "../eventually.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

describe("the trace of an order", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  let traceId = "";
  const begun = Date.now() - 5_000;
  const at = (ms: number) => begun + ms;

  beforeAll(async () => {
    system = await watchedSystem({
      declarations: [
        { name: "frontend", criticality: "high", calls: ["checkout", "ad"] },
        { name: "checkout", criticality: "critical", calls: [], schema: "checkout", publishes: ["orders"] },
        { name: "accounting", criticality: "low", calls: [], consumes: ["orders"] },
      ],
    });
    const { sink } = system.observatory;
    const frontend = new EmittingService("frontend", sink);
    const checkout = new EmittingService("checkout", sink);
    const accounting = new EmittingService("accounting", sink);

    const root = frontend.span("POST /api/checkout", {
      kind: SpanKind.SERVER,
      startTime: at(0),
      attributes: { "session.id": "s-1", "http.response.status_code": 200 },
    });
    traceId = root.spanContext().traceId;
    const call = frontend.span("PlaceOrder", { kind: SpanKind.CLIENT, startTime: at(10), under: root });
    const side = frontend.span("render", { startTime: at(20), under: root });
    const server = checkout.span("PlaceOrder", {
      kind: SpanKind.SERVER,
      startTime: at(12),
      under: call,
      attributes: { "demo.order.id": "o-1" },
    });
    const insert = checkout.span("INSERT orders", {
      kind: SpanKind.CLIENT,
      startTime: at(20),
      under: server,
      attributes: { "db.system.name": "postgresql", "db.namespace": "astronomy_db|checkout" },
    });
    insert.setStatus({ code: SpanStatusCode.ERROR, message: "deadlock" });
    insert.end(at(60));
    checkout
      .span("HGET", {
        kind: SpanKind.CLIENT,
        startTime: at(62),
        under: server,
        attributes: { "db.system.name": "redis", "db.operation.name": "HGET" },
      })
      .end(at(63));
    const publish = checkout.span("orders publish", {
      kind: SpanKind.PRODUCER,
      startTime: at(70),
      under: server,
      attributes: { "messaging.destination.name": "orders" },
    });
    publish.end(at(75));
    const book = accounting.span("orders process", {
      kind: SpanKind.CONSUMER,
      startTime: at(200),
      under: publish,
      links: [{ context: publish.spanContext() }],
      attributes: { "messaging.destination.name": "orders" },
    });
    book.end(at(250));
    side.end(at(30));
    server.end(at(90));
    call.end(at(92));
    root.end(at(100));
    // Callees first: children wait for their parents.
    for (const service of [accounting, checkout, frontend]) await service.flush();
    await eventually(async () => {
      expect((await system.client.getStatus({})).store?.spans).toBe(8n);
    });
  });
  afterAll(() => system.stop());

  it("is found whole, with the chain of spans that decided its duration", async () => {
    const trace = await system.client.getTrace({ traceId: traceId.toUpperCase() });
    expect(trace.spans.map(({ name }) => name)).toEqual([
      "POST /api/checkout",
      "PlaceOrder",
      "PlaceOrder",
      "INSERT orders",
      "render",
      "HGET",
      "orders publish",
      "orders process",
    ]);
    const critical = trace.spans.filter(({ isCritical }) => isCritical).map(({ name }) => name);
    expect(critical).toEqual([
      "POST /api/checkout",
      "PlaceOrder",
      "PlaceOrder",
      "INSERT orders",
      "HGET",
      "orders publish",
    ]);
    const insert = trace.spans.find(({ name }) => name === "INSERT orders");
    expect(insert).toMatchObject({
      service: "checkout",
      isError: true,
      statusMessage: "deadlock",
      startOffsetNanos: 20_000_000n,
      durationNanos: 40_000_000n,
      attributes: { "db.system.name": "postgresql", "db.namespace": "astronomy_db|checkout" },
      resource: { "service.name": "checkout" },
    });
    expect(trace.spans.at(-1)?.links).toMatchObject([{ traceId }]);
  });

  it.each([
    ["service and operation", { service: "checkout", operation: "PlaceOrder" }],
    ["session", { sessionId: "s-1" }],
    ["order", { orderId: "o-1" }],
    ["error", { onlyErrors: true }],
    ["text attribute", { attributes: { "db.system.name": "postgresql" } }],
    ["number attribute", { attributes: { "http.response.status_code": "200" } }],
    ["duration", { minDurationMs: 240, maxDurationMs: 260 }],
  ])("is found by %s", async (_, search) => {
    const { traces } = await system.client.searchTraces(search);
    expect(traces).toHaveLength(1);
    expect(traces[0]).toMatchObject({
      traceId,
      rootService: "frontend",
      rootOperation: "POST /api/checkout",
      durationMs: 250,
      spanCount: 8,
      errorCount: 1,
    });
    expect(traces[0]?.services.map(({ service, spanCount }) => [service, spanCount])).toEqual([
      ["frontend", 3],
      ["checkout", 4],
      ["accounting", 1],
    ]);
  });

  it.each([
    ["another service", { service: "cart" }],
    ["an operation of another service", { service: "frontend", operation: "INSERT orders" }],
    ["another value", { attributes: { "http.response.status_code": "20" } }],
    ["longer traces", { minDurationMs: 300 }],
    ["two attributes of different spans", { attributes: { "db.system.name": "postgresql", "session.id": "s-1" } }],
  ])("is not found by %s", async (_, search) => {
    expect((await system.client.searchTraces(search)).traces).toHaveLength(0);
  });

  it("draws the map, the declared and silent included", async () => {
    const map = await system.client.getMap({});
    const edges = map.edges.map(({ from, to, golden, isDeclared }) => [from, to, Number(golden?.calls), isDeclared]);
    expect(edges).toEqual([
      ["checkout", "postgresql/checkout", 1, true],
      ["checkout", "redis/checkout", 1, false],
      ["checkout", "topic/orders", 1, true],
      ["frontend", "ad", 0, true],
      ["frontend", "checkout", 1, true],
      ["topic/orders", "accounting", 1, true],
    ]);
    expect(map.nodes.find(({ name }) => name === "redis/checkout")?.kind).toBe(NodeKind.DATABASE);
    const database = map.nodes.find(({ name }) => name === "postgresql/checkout");
    expect(database?.golden?.errors).toBe(1n);
    expect(database?.golden?.p50Ms).toBeGreaterThan(35);
    expect(database?.golden?.p50Ms).toBeLessThan(45);
    expect(map.nodes.find(({ name }) => name === "ad")?.isSeen).toBe(false);
    expect(map.nodes.find(({ name }) => name === "checkout")).toMatchObject({ isSeen: true, criticality: "critical" });
  });

  it("tells who has sent what", async () => {
    const { services, store } = await system.client.getStatus({});
    expect(services.map(({ service, traces }) => [service, Number(traces?.count)])).toEqual([
      ["accounting", 1],
      ["checkout", 4],
      ["frontend", 3],
    ]);
    expect(store?.memoryBytes).toBeGreaterThan(0n);
  });

  it("is unknown under another id", async () => {
    await expect(system.client.getTrace({ traceId: "f".repeat(32) })).rejects.toThrow(/no trace f+ in the store/);
  });
});

describe("a very large trace", () => {
  it.each([
    [6_000, 6_000, false],
    [30_000, undefined, true],
  ])("of %i spans is answered within a message", async (count, expected, isTruncated) => {
    const system = await watchedSystem();
    try {
      const batch = new EmittingService("batch", system.observatory.sink);
      const begun = Date.now() - 60_000;
      const root = batch.span("root", { startTime: begun });
      for (let index = 0; index < count - 1; index++) {
        const attributes = {
          "db.system.name": "postgresql",
          "db.query.text": "select * from products where id = $1",
          index,
        };
        batch.span("step", { under: root, startTime: begun + index, attributes }).end(begun + index + 1);
        if (index % 1_000 === 999) await batch.flush();
      }
      root.end(begun + count);
      await batch.flush();
      await system.settle();
      const trace = await system.client.getTrace({ traceId: root.spanContext().traceId });
      expect(trace.isTruncated).toBe(isTruncated);
      if (expected === undefined) expect(trace.spans.length).toBeGreaterThan(5_000);
      else expect(trace.spans).toHaveLength(expected);
      expect(toBinary(GetTraceResponseSchema, trace).length).toBeLessThan(4 * 1024 * 1024);
      expect(trace.spans[0]?.resource?.["service.name"]).toBe("batch");
    } finally {
      await system.stop();
    }
  });
});
