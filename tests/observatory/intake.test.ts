import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchedSystem } from "./watched-system.ts";

describe("telemetry from outside", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  let server: Server;
  let origin = "";

  beforeAll(async () => {
    system = await watchedSystem();
    server = createServer((request, response) => system.observatory.otlpHttp(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await system.stop();
  });

  const send = (body: Uint8Array | string, headers: Record<string, string> = {}, path = "/v1/traces") =>
    fetch(origin + path, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", ...headers },
      body: body as string | Uint8Array<ArrayBuffer>,
    });
  const dropped = async (reason: string) => {
    const { dropped } = await system.client.getStatus({});
    return Number(dropped.find((drop) => drop.reason === reason)?.count ?? 0n);
  };

  it.each([
    ["Protobuf", "application/x-protobuf", false],
    ["gzipped Protobuf", "application/x-protobuf", true],
    ["JSON", "application/json", false],
    ["gzipped JSON; charset=utf-8", "application/json; charset=utf-8", true],
  ])("is taken as %s", async (name, type, zipped) => {
    const spans = someSpans(name);
    const serializer = type.includes("json") ? JsonTraceSerializer : ProtobufTraceSerializer;
    const body = serializer.serializeRequest(spans) ?? new Uint8Array();
    const response = await send(zipped ? gzipSync(body) : body, {
      "content-type": type,
      ...(zipped ? { "content-encoding": "gzip" } : {}),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type.split(";")[0]);
    expect(await response.text()).toBe(type.includes("json") ? "{}" : "");
    await system.settle();
    const { traces } = await system.client.searchTraces({ attributes: { "sent.as": name } });
    expect(traces).toMatchObject([{ rootService: "outside", rootOperation: "parent", spanCount: 2 }]);
    const trace = await system.client.getTrace({ traceId: traces[0]?.traceId ?? "" });
    expect(trace.spans[0]).toMatchObject({
      attributes: { "sent.as": name, many: [1, 2], yes: true, half: 0.5, big: 9_007_199_254_740_991 },
      events: [{ name: "something", attributes: { at: "once" } }],
    });
    expect(trace.spans[1]?.parentSpanId).toBe(trace.spans[0]?.spanId);
  });

  it.each([
    ["a path that is none", "", {}, "/v1/profiles", 404],
    ["text", "hello", { "content-type": "text/plain" }, "/v1/traces", 415],
    ["another compression", "hello", { "content-encoding": "br" }, "/v1/traces", 415],
    ["what is not gzip", "hello", { "content-encoding": "gzip" }, "/v1/traces", 400],
    ["broken JSON", '{"resourceSpans":[', { "content-type": "application/json" }, "/v1/traces", 400],
    ["other JSON", '{"resourceSpans":7}', { "content-type": "application/json" }, "/v1/traces", 400],
    [
      "JSON with an id that is not hexadecimal",
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
      { "content-type": "application/json" },
      "/v1/traces",
      400,
    ],
    ["deep JSON", `{"a":${"[".repeat(100_000)}`, { "content-type": "application/json" }, "/v1/logs", 400],
    ["other bytes", "\x0a\xff\xff\xff\xff\x0fxx", {}, "/v1/metrics", 400],
  ])("is refused as %s", async (_, body, headers, path, status) => {
    const response = await send(body, headers, path);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/\bat .*:\d+|node_modules/);
  });

  it("is refused with another method", async () => {
    expect((await fetch(`${origin}/v1/traces`)).status).toBe(405);
  });

  it("is refused and counted when it is too large, also when only its unpacked form is", async () => {
    const before = await dropped("request too large");
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect((await send(bomb, { "content-encoding": "gzip" })).status).toBe(413);
    expect((await send(Buffer.alloc(17 * 1024 * 1024))).status).toBe(413);
    expect(await dropped("request too large")).toBe(before + 2);
  });

  it.each([
    ["invalid id", { traceId: "01".repeat(15) }],
    ["invalid id", { traceId: "00".repeat(16) }],
    ["invalid id", { spanId: "02".repeat(9) }],
    ["invalid id", { parentSpanId: "03".repeat(4) }],
    ["no time", { startMs: 0 }],
    ["clock in the future", { startMs: Date.now() + 2 * 3_600_000 }],
    ["clock in the past", { startMs: Date.now() - 30 * 86_400_000 }],
  ])("loses a span for its %s, and keeps its neighbours", async (reason, fault) => {
    const before = await dropped(reason);
    const kept = (await system.client.getStatus({})).store?.spans ?? 0n;
    const json = JSON.stringify({
      resourceSpans: [{ scopeSpans: [{ spans: [jsonSpan(fault), jsonSpan({})] }] }],
    });
    const response = await send(json, { "content-type": "application/json" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ partialSuccess: { rejectedSpans: "1", errorMessage: reason } });
    await system.settle();
    expect(await dropped(reason)).toBe(before + 1);
    expect((await system.client.getStatus({})).store?.spans).toBe(kept + 1n);
  });

  it("is malformed wherever it is cut off, and never brings the store down", async () => {
    const whole = ProtobufTraceSerializer.serializeRequest(someSpans("cut")) ?? new Uint8Array();
    for (let length = 1; length < whole.length; length += 13) {
      system.observatory.sink.accept("traces", whole.slice(0, length));
    }
    expect((await send(whole.slice(0, whole.length - 3))).status).toBe(400);
    expect(await dropped("malformed request")).toBeGreaterThan(0);
  });

  it("may be any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("traces", "metrics", "logs"),
        async (bytes, signal) => {
          const { status } = await send(bytes, {}, `/v1/${signal}`);
          expect([200, 400]).toContain(status);
        },
      ),
      { numRuns: 200 },
    );
    expect((await system.client.getStatus({})).store?.spans).toBeDefined();
  });

  it("is bounded when it nests without end", async () => {
    let value = new BinaryWriter().tag(1, WireType.LengthDelimited).string("deep").finish();
    for (let depth = 0; depth < 5_000; depth++) {
      const array = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(value).finish();
      value = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(array).finish();
    }
    const wrap = (field: number, inner: Uint8Array) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(inner).finish();
    const attribute = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string("deep")
      .tag(2, WireType.LengthDelimited)
      .bytes(value)
      .finish();
    expect((await send(wrap(1, wrap(1, wrap(1, attribute))))).status).toBe(200);
  });

  it("may have anything for text", async () => {
    const name = "\u0000 <script>alert(1)</script> '; drop table spans; -- \ud800 \u202e 🛒";
    const json = JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "__proto__" } }] },
          scopeSpans: [
            {
              spans: [
                {
                  ...jsonSpan({ traceId: "77".repeat(16) }),
                  name,
                  attributes: [
                    { key: "__proto__", value: { stringValue: name } },
                    {
                      key: "constructor",
                      value: { kvlistValue: { values: [{ key: "__proto__", value: { intValue: "1" } }] } },
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    }).replaceAll("\\ud800", "?");
    expect((await send(json, { "content-type": "application/json" })).status).toBe(200);
    await system.settle();
    const trace = await system.client.getTrace({ traceId: "77".repeat(16) });
    expect(trace.spans[0]?.name).toContain("<script>alert(1)</script> '; drop table spans; --");
    expect(Object.keys(trace.spans[0]?.attributes ?? {})).toEqual(["__proto__", "constructor"]);
    expect((await system.client.listServices({})).services.map((service) => service.name)).toContain("__proto__");
    const found = await system.client.searchTraces({ service: "__proto__", operation: trace.spans[0]?.name ?? "" });
    expect(found.traces).toHaveLength(1);
  });

  it("is dropped and counted when it comes faster than the store takes it, and nobody waits", async () => {
    const request = ProtobufTraceSerializer.serializeRequest(someSpans("flood")) ?? new Uint8Array();
    const large = Buffer.concat(Array.from({ length: 2_000 }, () => request));
    const begun = performance.now();
    for (let index = 0; index < 60; index++) system.observatory.sink.accept("traces", new Uint8Array(large));
    expect(performance.now() - begun).toBeLessThan(2_000);
    await system.settle();
    expect(await dropped("store too slow")).toBeGreaterThan(0);
  });

  it("drops series beyond the ceiling of a metric", async () => {
    const points = Array.from({ length: 1_200 }, (_, index) => ({
      timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}`,
      asInt: "1",
      attributes: [{ key: "user", value: { stringValue: `u${index}` } }],
    }));
    const response = await send(
      JSON.stringify({
        resourceMetrics: [
          { scopeMetrics: [{ metrics: [{ name: "flood", sum: { dataPoints: points, isMonotonic: true } }] }] },
        ],
      }),
      { "content-type": "application/json" },
      "/v1/metrics",
    );
    expect(await response.json()).toMatchObject({
      partialSuccess: { rejectedDataPoints: "200", errorMessage: "too many series" },
    });
    expect(await dropped("too many series")).toBe(200);
  });
});

function jsonSpan(fault: { traceId?: string; spanId?: string; parentSpanId?: string; startMs?: number }) {
  const startMs = fault.startMs ?? Date.now();
  return {
    traceId: fault.traceId ?? "0af7651916cd43dd8448eb211c80319c",
    spanId: fault.spanId ?? "b7ad6b7169203331",
    parentSpanId: fault.parentSpanId ?? "",
    name: "by hand",
    kind: 2,
    startTimeUnixNano: `${BigInt(startMs) * 1_000_000n}`,
    endTimeUnixNano: `${BigInt(startMs + 1) * 1_000_000n}`,
  };
}

function someSpans(sentAs: string): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const tracers = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "outside" }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = tracers.getTracer("test");
  const parent = tracer.startSpan("parent", {
    attributes: { "sent.as": sentAs, many: [1, 2], yes: true, half: 0.5, big: Number.MAX_SAFE_INTEGER },
  });
  parent.addEvent("something", { at: "once" });
  tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, parent)).end();
  parent.end();
  return exporter.getFinishedSpans();
}
