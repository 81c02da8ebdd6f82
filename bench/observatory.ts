import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from "../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { StoreClient } from "../src/observatory/store/store-client.ts";

/**
 * The Observatory's store by itself: spans taken in each second, and how long its questions take at several fills.
 *
 *     node bench/observatory.ts [spans …] [--disk]
 */

const services = 15;
const spansPerTrace = 30;
const tracesPerRequest = 20;

/** A request with traces of the shape of an order: every service calls two others and its database. */
function template(): ExportTraceServiceRequest {
  const exporter = new InMemorySpanExporter();
  const tracers = Array.from({ length: services }, (_, index) =>
    new TracerProvider({
      resource: resourceFromAttributes({
        "service.name": `service-${index}`,
        "service.version": "1.0.0",
        "service.instance.id": `instance-${index}`,
        "host.name": "bench",
        "telemetry.sdk.language": "nodejs",
      }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    }).getTracer("bench"),
  );
  for (let number = 0; number < tracesPerRequest; number++) {
    let parent = ROOT_CONTEXT;
    for (let index = 0; index < spansPerTrace / 2; index++) {
      const service = index % services;
      const name = `orrery.Service${service}/Method${number % 5}`;
      const server = tracers[service]?.startSpan(
        name,
        {
          kind: SpanKind.SERVER,
          startTime: 1_000_000 + index,
          attributes: {
            "rpc.system.name": "grpc",
            "rpc.method": name,
            "rpc.response.status_code": "OK",
            "session.id": "a7e2a1de-6b4a-4d2a-9d41-3c3b7c0b9a10",
            "demo.product.id": `product-${number}`,
          },
        },
        parent,
      );
      if (server === undefined) continue;
      parent = trace.setSpan(parent, server);
      tracers[service]
        ?.startSpan(
          "SELECT products",
          {
            kind: SpanKind.CLIENT,
            startTime: 1_000_000 + index,
            attributes: {
              "db.system.name": "postgresql",
              "db.namespace": `astronomy_db|schema_${service}`,
              "db.operation.name": "SELECT",
              "db.query.summary": "SELECT products",
              "db.query.text": "SELECT id, name, description, price FROM products WHERE id = $1 AND currency = $2",
            },
          },
          parent,
        )
        .end(1_000_000 + index + 2);
      server.end(1_000_000 + 2 * spansPerTrace - index);
    }
  }
  const request = ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans());
  if (request === undefined) throw new Error("The exporter wrote nothing");
  return fromBinary(ExportTraceServiceRequestSchema, request);
}

/** The same traces with other ids at another time. */
function renewed(request: ExportTraceServiceRequest, startNanos: bigint): Uint8Array {
  const sessions = new Map<Uint8Array, string>();
  const ids = new Map<string, Uint8Array<ArrayBuffer>>();
  const other = (id: Uint8Array): Uint8Array<ArrayBuffer> => {
    const key = Buffer.from(id).toString("hex");
    let found = ids.get(key);
    if (found === undefined) {
      found = new Uint8Array(randomBytes(id.length));
      if (id.length > 0) ids.set(key, found);
    }
    return found;
  };
  for (const { scopeSpans } of request.resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        const duration = span.endTimeUnixNano - span.startTimeUnixNano;
        span.traceId = other(span.traceId);
        const session = sessions.get(span.traceId) ?? randomBytes(16).toString("hex");
        sessions.set(span.traceId, session);
        for (const { key, value } of span.attributes) {
          if (key === "session.id" && value !== undefined) value.value = { case: "stringValue", value: session };
        }
        span.spanId = other(span.spanId);
        span.parentSpanId = other(span.parentSpanId);
        span.startTimeUnixNano = startNanos + (span.startTimeUnixNano % 1_000_000_000n);
        span.endTimeUnixNano = span.startTimeUnixNano + duration;
      }
    }
  }
  return toBinary(ExportTraceServiceRequestSchema, request);
}

async function fill(store: StoreClient, spans: number, from: bigint, until: bigint): Promise<number> {
  const perRequest = spansPerTrace * tracesPerRequest;
  const requests = Math.ceil(spans / perRequest);
  const batch = 40;
  let spentMs = 0;
  const request = template();
  for (let first = 0; first < requests; first += batch) {
    const ready = Array.from({ length: Math.min(batch, requests - first) }, (_, index) =>
      renewed(request, from + ((until - from) * BigInt(first + index)) / BigInt(requests)),
    );
    const begun = performance.now();
    for (const bytes of ready) store.accept("traces", bytes);
    await store.ask("settle");
    spentMs += performance.now() - begun;
  }
  return (requests * perRequest) / (spentMs / 1_000);
}

async function time(label: string, ask: () => Promise<unknown>): Promise<void> {
  await ask();
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  console.log(`  ${label.padEnd(44)} ${(times[2] ?? 0).toFixed(1).padStart(8)} ms`);
}

const search = {
  service: "",
  operation: "",
  attributes: {},
  minDurationMs: 0,
  maxDurationMs: 0,
  onlyErrors: false,
  sessionId: "",
  orderId: "",
  limit: 50,
};

async function measure(store: StoreClient): Promise<void> {
  const { traces } = await store.ask("searchTraces", search);
  const [newest] = traces ?? [];
  await time("map, last minute", () => store.ask("getMap", { windowSeconds: 60 }));
  await time("map, last day", () => store.ask("getMap", { windowSeconds: 86_400 }));
  await time("newest traces", () => store.ask("searchTraces", search));
  await time("traces by service and operation", () =>
    store.ask("searchTraces", { ...search, service: "service-3", operation: "orrery.Service3/Method2" }),
  );
  await time("traces by attribute", () =>
    store.ask("searchTraces", { ...search, attributes: { "demo.product.id": "product-3" } }),
  );
  await time("traces by an attribute that none has", () =>
    store.ask("searchTraces", { ...search, attributes: { "demo.product.id": "nothing" } }),
  );
  await time("traces with errors, none", () => store.ask("searchTraces", { ...search, onlyErrors: true }));
  await time("traces by duration, none long enough", () =>
    store.ask("searchTraces", { ...search, minDurationMs: 100_000 }),
  );
  await time("one trace", () => store.ask("getTrace", newest?.traceId ?? ""));
  await time("services and operations", () => store.ask("listServices"));
  await time("objectives", () => store.ask("listObjectives"));
  await time("status", () => store.ask("getStatus"));
  await time("tick for watchers", () => store.ask("tick", undefined));
  await time("SQL: p99 by service", () =>
    store.ask("runQuery", "select service, quantile_cont(duration_ns, 0.99) from spans group by service", 100),
  );
}

const wanted = process.argv
  .slice(2)
  .filter((argument) => /^\d+$/.test(argument))
  .map(Number);
const folder = process.argv.includes("--disk") ? await mkdtemp(join(tmpdir(), "orrery-bench-")) : undefined;
const fills = wanted.length === 0 ? [300_000, 1_000_000] : wanted;
const mebi = 1_048_576;
for (const spans of fills) {
  const before = process.memoryUsage().rss;
  const settings = {
    path: folder === undefined ? undefined : join(folder, `${spans}.duckdb`),
    memoryMb: 128,
    maxSpans: Math.ceil(spans * 1.05),
    queryTimeoutMs: 5_000,
    timeScale: 1,
    declarations: [],
  };
  const store = await StoreClient.start(settings, { onLost: console.error, tell: console.error });
  const now = BigInt(Date.now()) * 1_000_000n;
  const rate = await fill(store, spans, now - 3_600_000_000_000n, now - 1_000_000_000n);
  const { store: status, dropped } = await store.ask("getStatus");
  console.log(`${spans} spans, ${folder === undefined ? "in memory" : "on disk"}`);
  console.log(
    `  taken in: ${Math.round(rate)} spans/s; kept: ${status?.spans}; dropped: ${JSON.stringify(dropped, (_, value) => (typeof value === "bigint" ? Number(value) : value))}`,
  );
  console.log(
    `  DuckDB: ${Number(status?.memoryBytes ?? 0n) / mebi} MiB; process: +${((process.memoryUsage().rss - before) / mebi).toFixed(0)} MiB`,
  );
  await measure(store);
  await store.stop();
  if (folder !== undefined) {
    for (const name of await readdir(folder)) {
      console.log(`  file ${name}: ${((await stat(join(folder, name))).size / mebi).toFixed(1)} MiB`);
    }
  }
}
if (folder !== undefined) await rm(folder, { recursive: true });
