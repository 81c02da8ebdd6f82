import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createTraceState, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeKind } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

describe("the map", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  let caller: EmittingService;
  let callee: EmittingService;

  beforeEach(async () => {
    system = await watchedSystem({
      declarations: [
        { name: "checkout", criticality: "critical", calls: ["payment"] },
        { name: "payment", criticality: "critical", calls: [] },
      ],
    });
    caller = new EmittingService("checkout", system.observatory.sink);
    callee = new EmittingService("payment", system.observatory.sink);
  });
  afterEach(() => system.stop());

  const edges = async () => {
    await system.settle();
    const map = await system.client.getMap({});
    return map.edges.map(({ from, to, golden }) => [from, to, Number(golden?.calls), Number(golden?.errors)]);
  };
  const call = (isError: boolean) => {
    const span = caller.span("Charge", { kind: SpanKind.CLIENT, attributes: { "server.address": "payment" } });
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    return span;
  };

  it.each([
    ["the caller first", () => [caller, callee]],
    ["the callee first", () => [callee, caller]],
  ])("counts a call once, when its spans come with %s", async (_, order) => {
    const client = call(false);
    callee.span("Charge", { kind: SpanKind.SERVER, under: client }).end();
    client.end();
    for (const service of order()) await service.flush();
    expect(await edges()).toEqual([["checkout", "payment", 1, 0]]);
  });

  it.each([
    ["the caller first", () => [caller, callee]],
    ["the callee first", () => [callee, caller]],
  ])("counts a failed call once, when its spans come with %s", async (_, order) => {
    const client = call(true);
    callee.span("Charge", { kind: SpanKind.SERVER, under: client }).end();
    client.end();
    for (const service of order()) await service.flush();
    expect(await edges()).toEqual([["checkout", "payment", 1, 1]]);
  });

  it("takes a page that continues its server's trace for no call of the browser", async () => {
    const browser = new EmittingService("frontend-web", system.observatory.sink);
    const answered = caller.span("GET /", { kind: SpanKind.SERVER });
    browser.span("documentLoad", { kind: SpanKind.INTERNAL, under: answered }).end();
    answered.end();
    for (const service of [caller, browser]) await service.flush();
    expect(await edges()).toEqual([["checkout", "payment", 0, 0]]);
  });

  it("counts a call for all those that its sampled trace stands for", async () => {
    const sampled = trace.wrapSpanContext({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: TraceFlags.SAMPLED,
      // Three of four traces were left out.
      traceState: createTraceState("other=1,ot=rv:c0000000000000;th:c"),
    });
    const client = caller.span("Charge", { kind: SpanKind.CLIENT, under: sampled });
    client.setStatus({ code: SpanStatusCode.ERROR });
    callee.span("Charge", { kind: SpanKind.SERVER, under: client }).end();
    client.end();
    for (const service of [caller, callee]) await service.flush();
    expect(await edges()).toEqual([["checkout", "payment", 4, 4]]);
    const { nodes } = await system.client.getMap({});
    expect(nodes.find(({ name }) => name === "payment")?.golden).toMatchObject({ calls: 4n });
    const { traces } = await system.client.searchTraces({});
    expect(traces).toMatchObject([{ spanCount: 2, standsFor: 4 }]);
    expect(await system.client.getTrace({ traceId: traces[0]?.traceId ?? "" })).toMatchObject({ standsFor: 4 });
  });

  it("shows calls that reach nobody as errors of the edge", async () => {
    call(true).end();
    await caller.flush();
    expect(await edges()).toEqual([["checkout", "payment", 1, 1]]);
  });

  it("shows what was in a range of time, and nothing else", async () => {
    call(true).end();
    await caller.flush();
    await system.settle();
    const callsBetween = async (fromMs: number, toMs: number) => {
      const range = { start: timestampFromMs(fromMs), end: timestampFromMs(toMs) };
      const map = await system.client.getMap({ range });
      return map.edges.map(({ golden }) => [golden?.calls, golden?.errors]);
    };
    const now = Date.now();
    expect(await callsBetween(now - 60_000, now + 60_000)).toEqual([[1n, 1n]]);
    expect(await callsBetween(now - 180_000, now - 60_000)).toEqual([[0n, 0n]]);
  });

  it("knows browser and proxy, and calls nothing a node that has sent metrics only", async () => {
    const browser = new EmittingService("frontend-web", system.observatory.sink);
    const proxy = new EmittingService("frontend-proxy", system.observatory.sink);
    const page = browser.span("GET", { kind: SpanKind.CLIENT });
    proxy.span("GET /", { kind: SpanKind.SERVER, under: page }).end();
    page.end();
    await browser.flush();
    await proxy.flush();
    expect(await edges()).toContainEqual(["frontend-web", "frontend-proxy", 1, 0]);
    const { nodes } = await system.client.getMap({});
    expect(nodes.map(({ name, kind }) => [name, kind])).toEqual([
      ["checkout", NodeKind.SERVICE],
      ["frontend-proxy", NodeKind.PROXY],
      ["frontend-web", NodeKind.BROWSER],
      ["payment", NodeKind.SERVICE],
    ]);
  });

  it("bounds what a flood of names costs", async () => {
    for (let index = 0; index < 6_000; index++) {
      caller.span(`operation ${index}`, {}).end();
      if (index % 1_000 === 999) await caller.flush();
    }
    await caller.flush();
    await system.settle();
    const { rows } = await system.client.runQuery({ sql: "select count(distinct name) from spans" });
    expect(rows[0]?.values[0]?.kind.value).toBe(6_000);
    const map = await system.client.getMap({});
    expect(map.nodes.find(({ name }) => name === "checkout")?.golden?.calls).toBe(6_000n);
  });
});
