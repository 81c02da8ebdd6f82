import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

interface JaegerBody {
  readonly data: Record<string, unknown>[] | string[] | null;
  readonly errors: { readonly code: number; readonly msg: string }[] | null;
}

describe("for programs", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;
  let server: Server;
  let origin = "";
  let traceId = "";
  const logged: string[] = [];
  const begun = Date.now() - 10_000;

  beforeAll(async () => {
    const destination = { write: (line: string) => void logged.push(line) };
    system = await watchedSystem({ log: createLogger({ level: "warn", destination }) });
    server = createServer((request, response) => system.observatory.http(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const frontend = new EmittingService("frontend", system.observatory.sink);
    const cart = new EmittingService("cart", system.observatory.sink);
    const root = frontend.span("GET /cart", { kind: SpanKind.SERVER, startTime: begun });
    traceId = root.spanContext().traceId;
    const server_ = cart.span("GetCart", {
      kind: SpanKind.SERVER,
      startTime: begun + 5,
      under: root,
      attributes: { "user.kind": "guest", items: 3, ratio: 0.5, fresh: true },
    });
    server_.addEvent("loaded", { rows: 3 }, begun + 6);
    server_.setStatus({ code: SpanStatusCode.ERROR, message: "too many" });
    server_.end(begun + 25);
    root.end(begun + 30);
    await frontend.flush();
    await cart.flush();
    await system.settle();
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await system.stop();
  });

  const jaeger = async (path: string) => {
    const response = await fetch(`${origin}/jaeger/ui/api/${path}`);
    return { status: response.status, body: (await response.json()) as JaegerBody };
  };
  const download = (format: string, sql: string) =>
    fetch(`${origin}/api/download?${new URLSearchParams({ format, sql })}`);

  it("Jaeger's API lists services and operations", async () => {
    expect((await jaeger("services")).body.data).toEqual(["cart", "frontend"]);
    expect((await jaeger("services/cart/operations")).body.data).toEqual(["GetCart"]);
    expect((await jaeger("operations?service=frontend")).body.data).toMatchObject([{ name: "GET /cart" }]);
  });

  it("Jaeger's API has the trace", async () => {
    const { body } = await jaeger(`traces/${traceId}`);
    expect(body.data).toMatchObject([
      {
        traceID: traceId,
        processes: { p1: { serviceName: "frontend" }, p2: { serviceName: "cart" } },
        spans: [
          { operationName: "GET /cart", references: [], startTime: begun * 1_000, duration: 30_000, processID: "p1" },
          {
            operationName: "GetCart",
            processID: "p2",
            startTime: (begun + 5) * 1_000,
            duration: 20_000,
            references: [{ refType: "CHILD_OF", traceID: traceId }],
            tags: [
              { key: "user.kind", type: "string", value: "guest" },
              { key: "items", type: "int64", value: 3 },
              { key: "ratio", type: "float64", value: 0.5 },
              { key: "fresh", type: "bool", value: true },
              { key: "span.kind", type: "string", value: "server" },
              { key: "error", type: "bool", value: true },
              { key: "otel.status_code", value: "ERROR" },
              { key: "otel.status_description", value: "too many" },
            ],
            logs: [
              {
                timestamp: (begun + 6) * 1_000,
                fields: [
                  { key: "event", value: "loaded" },
                  { key: "rows", value: 3 },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  it.each([
    ["service=cart", 1],
    ["service=cart&operation=GetCart&limit=5", 1],
    ["service=cart&operation=Other", 0],
    [`service=cart&tags=${encodeURIComponent('{"error":"true","items":"3"}')}`, 1],
    ["service=cart&tag=user.kind:guest", 1],
    ["service=cart&tag=user.kind:other", 0],
    ["service=frontend&minDuration=29ms&maxDuration=1s", 1],
    ["service=frontend&minDuration=31ms", 0],
    [`service=cart&start=${(begun - 1_000) * 1_000}&end=${(begun + 1_000) * 1_000}`, 1],
    [`service=cart&start=${(begun + 1_000) * 1_000}&end=${(begun + 2_000) * 1_000}`, 0],
  ])("Jaeger's API searches by %s", async (query, count) => {
    const { status, body } = await jaeger(`traces?${query}`);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(count);
  });

  it("Jaeger's API tells who depends on whom", async () => {
    expect((await jaeger(`dependencies?endTs=${Date.now()}&lookback=3600000`)).body.data).toEqual([
      { parent: "frontend", child: "cart", callCount: 1 },
    ]);
  });

  it.each([
    ["traces/nothing", 400],
    [`traces/${"a".repeat(32)}`, 404],
    ["traces", 400],
    ["traces?service=cart&limit=many", 400],
    ["traces?service=cart&minDuration=long", 400],
    ["traces?service=cart&tags={", 400],
    ["services/%ff/operations", 400],
    ["profiles", 404],
  ])("Jaeger's API refuses %s with %i", async (path, status) => {
    expect((await fetch(`${origin}/jaeger/ui/api/${path}`)).status).toBe(status);
  });

  it("a download is CSV", async () => {
    const response = await download("csv", "select service, name, 'a,\"b' as odd from spans order by service");
    expect(response.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(response.headers.get("content-disposition")).toContain("observatory.csv");
    expect(await response.text()).toBe('service,name,odd\ncart,GetCart,"a,""b"\nfrontend,GET /cart,"a,""b"\n');
  });

  it("a download is Parquet", async () => {
    const response = await download("parquet", "from spans");
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 4).toString()).toBe("PAR1");
    expect(bytes.subarray(-4).toString()).toBe("PAR1");
  });

  it("a download that nobody waits for any more is no defect", async () => {
    const gone = new AbortController();
    const begun = once(server, "request");
    const sql = "select sum(a.range * b.range) from range(4000) a, range(4000) b";
    const answer = fetch(`${origin}/api/download?${new URLSearchParams({ sql })}`, { signal: gone.signal });
    const [, response] = await begun;
    const left = once(response, "close");
    gone.abort();
    await expect(answer).rejects.toThrow();
    await left;
    // Statements are run one after the other.
    expect((await download("csv", "select 1 as one")).status).toBe(200);
    expect(logged).toEqual([]);
  });

  it.each([
    ["another format", "exe", "select 1"],
    ["nothing to select", "csv", ""],
    ["a change", "csv", "delete from spans"],
    ["a file", "parquet", "select * from read_csv('/etc/passwd')"],
    ["a copy elsewhere", "csv", "copy spans to '/tmp/x.csv'"],
  ])("a download of %s is refused", async (_, format, sql) => {
    const response = await download(format, sql);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ reason: "QUERY_REFUSED" });
  });
});
