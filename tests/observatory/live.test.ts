import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TraceService } from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { otlpJsonToBinary } from "../../src/observatory/otlp/json.ts";
import { serveForTest, type TestServices } from "../../src/platform/rpc/testing.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

describe("what is live", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  let served: TestServices;
  let client: Client<typeof ObservatoryService>;

  beforeAll(async () => {
    system = await watchedSystem();
    served = await serveForTest([...system.observatory.routes, ...system.observatory.otlpRoutes]);
    client = createClient(ObservatoryService, createGrpcTransport({ baseUrl: served.origin }));
  });
  afterAll(async () => {
    await served.port.drain(0);
    await system.stop();
  });

  function log(body: string, severityNumber: number, eventName = "") {
    const record = {
      timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}`,
      severityNumber,
      severityText: severityNumber >= 17 ? "ERROR" : "INFO",
      body: { stringValue: body },
      eventName,
      attributes: [{ key: "demo.order.id", value: { stringValue: "order-7" } }],
    };
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "checkout" } }] };
    const json = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
    system.observatory.sink.accept("logs", otlpJsonToBinary("logs", json));
  }

  it("is told to those who watch, and the stream ends with its reader", async () => {
    const abort = new AbortController();
    const stream = client
      .watch({ intervalMs: 100, withLogs: true, minSeverityNumber: 17 }, { signal: abort.signal })
      [Symbol.asyncIterator]();
    const first = await stream.next();
    expect(first.value?.traces).toEqual([]);
    const cart = new EmittingService("cart", system.observatory.sink);
    const span = cart.span("live", {});
    span.end();
    await cart.flush();
    log("all is well", 9);
    log("something broke", 17);
    const traces = new Set<string>();
    const logs: string[] = [];
    for (let tick = 0; tick < 200 && (traces.size === 0 || logs.length === 0); tick++) {
      const next = await stream.next();
      for (const { traceId } of next.value?.traces ?? []) traces.add(traceId);
      for (const { body } of next.value?.logs ?? []) logs.push(body);
      expect(next.value?.store?.memoryLimitBytes).toBeGreaterThan(0n);
    }
    expect(traces).toEqual(new Set([span.spanContext().traceId]));
    expect(logs).toEqual(["something broke"]);
    abort.abort();
    await expect(stream.next()).rejects.toThrow(/abort|cancel/i);
  });

  it("is found among the logs by words, event, severity and time", async () => {
    log("payment of 12 euros declined", 13, "payment.declined");
    await system.settle();
    const bodies = async (search: Parameters<typeof client.searchLogs>[0]) =>
      (await client.searchLogs(search)).records.map(({ body }) => body);
    expect(await bodies({ text: "Declined EUROS" })).toEqual(["payment of 12 euros declined"]);
    expect(await bodies({ text: "order-7 declined" })).toEqual(["payment of 12 euros declined"]);
    expect(await bodies({ text: "declined francs" })).toEqual([]);
    expect(await bodies({ eventName: "payment.declined" })).toHaveLength(1);
    expect(await bodies({ minSeverityNumber: 17 })).toEqual(["something broke"]);
    expect(await bodies({ service: "cart" })).toEqual([]);
    expect(await bodies({ limit: 2 })).toEqual(["payment of 12 euros declined", "something broke"]);
    const { histogram } = await client.searchLogs({});
    const sum = (key: "errors" | "warnings" | "others") =>
      histogram.reduce((all, bucket) => all + Number(bucket[key]), 0);
    expect([sum("errors"), sum("warnings"), sum("others")]).toEqual([1, 1, 1]);
  });

  it("marks starts and stops", async () => {
    log("checkout has started", 9, "process.start");
    await system.settle();
    expect((await client.listMarks({})).marks).toMatchObject([{ kind: "start", service: "checkout" }]);
  });

  it("comes over gRPC from applications outside", async () => {
    const collector = createClient(TraceService, createGrpcTransport({ baseUrl: served.origin }));
    const now = BigInt(Date.now()) * 1_000_000n;
    const span = {
      traceId: new Uint8Array(16).fill(1),
      spanId: new Uint8Array(8).fill(2),
      name: "over gRPC",
      startTimeUnixNano: now,
      endTimeUnixNano: now + 1_000n,
    };
    const answer = await collector.export({
      resourceSpans: [{ scopeSpans: [{ spans: [span, { ...span, traceId: new Uint8Array(3) }] }] }],
    });
    expect(answer.partialSuccess).toMatchObject({ rejectedSpans: 1n, errorMessage: "invalid id" });
    await system.settle();
    expect((await client.getTrace({ traceId: "01".repeat(16) })).spans).toMatchObject([{ name: "over gRPC" }]);
  });
});
