import type { JsonObject, JsonValue, MessageInitShape } from "@bufbuild/protobuf";
import {
  type GetTraceResponseSchema,
  SpanKind,
  type SpanSchema,
} from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { TraceSearch } from "./store/questions/traces.ts";
import type { StoreClient } from "./store/store-client.ts";

// The API that Jaeger's pages and tools such as Grafana use: https://www.jaegertracing.io/docs/latest/architecture/apis/

type StoredTrace = MessageInitShape<typeof GetTraceResponseSchema>;
type StoredSpan = MessageInitShape<typeof SpanSchema>;

const defaultLimit = 20;
const maxLimit = 1_000;
const defaultLookbackMs = 2 * 86_400_000;

/** An answer of Jaeger's API, with its status. */
export interface JaegerAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** What a request asks that cannot be asked. */
class BadRequest extends Error {
  override readonly name = "BadRequest";
}

/**
 * Answers `/api/services`, `/api/services/{service}/operations`, `/api/operations`, `/api/traces`, `/api/traces/{id}` and
 * `/api/dependencies`.
 *
 * @param url what follows the prefix under which Jaeger is served, query included
 * @returns undefined for other paths
 */
export async function answerJaeger(url: string, store: StoreClient): Promise<JaegerAnswer | undefined> {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  try {
    const path = pathname.split("/").slice(1).map(decodeURIComponent);
    return await route(path, searchParams, store);
  } catch (error) {
    if (!(error instanceof BadRequest || error instanceof URIError)) throw error;
    return failure(400, error.message);
  }
}

async function route(
  [root, first, second, third, ...more]: readonly string[],
  query: URLSearchParams,
  store: StoreClient,
): Promise<JaegerAnswer | undefined> {
  if (root !== "api" || more.length > 0) return undefined;
  if (first === "services" && second === undefined) {
    const { services = [] } = await store.ask("listServices");
    return list(services.map(({ name = "" }) => name));
  }
  if (first === "services" && second !== undefined && third === "operations") {
    return list(await operationsOf(second, store));
  }
  if (third !== undefined) return undefined;
  if (first === "operations" && second === undefined) {
    const service = query.get("service");
    if (service === null) throw new BadRequest("parameter 'service' is required");
    const operations = await operationsOf(service, store);
    return list(operations.map((name) => ({ name, spanKind: "" })));
  }
  if (first === "traces" && second === undefined) return searchTraces(query, store);
  if (first === "traces" && second !== undefined) return oneTrace(second, store);
  if (first === "dependencies" && second === undefined) {
    const lookbackMs = numberOf(query, "lookback") ?? defaultLookbackMs;
    const { edges = [] } = await store.ask("getMap", {
      windowSeconds: Math.max(1, Math.min(86_400, Math.ceil(lookbackMs / 1_000))),
    });
    return list(
      edges
        .filter(({ golden }) => Number(golden?.calls ?? 0n) > 0)
        .map(({ from = "", to = "", golden }) => ({ parent: from, child: to, callCount: Number(golden?.calls ?? 0n) })),
    );
  }
  return undefined;
}

async function operationsOf(service: string, store: StoreClient): Promise<string[]> {
  const { services = [] } = await store.ask("listServices");
  return [...(services.find(({ name }) => name === service)?.operations ?? [])];
}

async function oneTrace(id: string, store: StoreClient): Promise<JaegerAnswer> {
  // Jaeger leaves out leading zeros.
  if (!/^[0-9a-fA-F]{1,32}$/.test(id)) throw new BadRequest(`${JSON.stringify(id)} is no trace id`);
  const trace = await store.ask("getTrace", id.padStart(32, "0"));
  if (!trace.spans?.length) return failure(404, "trace not found");
  return list([jaegerTrace(trace)]);
}

async function searchTraces(query: URLSearchParams, store: StoreClient): Promise<JaegerAnswer> {
  const ids = query.getAll("traceID");
  if (ids.length > 0) {
    const traces = await Promise.all(ids.slice(0, defaultLimit).map((id) => oneTrace(id, store)));
    return list(traces.flatMap(({ body }) => (Array.isArray(body.data) ? body.data : [])));
  }
  const service = query.get("service");
  if (service === null || service === "") throw new BadRequest("parameter 'service' is required");
  const operation = query.get("operation") ?? "";
  const start = numberOf(query, "start");
  const end = numberOf(query, "end");
  const { isError, attributes } = tagsOf(query);
  const search: TraceSearch = {
    service,
    operation: operation === "all" ? "" : operation,
    attributes,
    minDurationMs: durationOf(query, "minDuration"),
    maxDurationMs: durationOf(query, "maxDuration"),
    onlyErrors: isError,
    sessionId: "",
    orderId: "",
    limit: Math.max(1, Math.min(maxLimit, numberOf(query, "limit") ?? defaultLimit)),
    ...(start === undefined && end === undefined
      ? {}
      : {
          range: {
            $typeName: "orrery.observatory.v1.TimeRange" as const,
            ...(start === undefined ? {} : { start: timestampOfMicros(start) }),
            ...(end === undefined ? {} : { end: timestampOfMicros(end) }),
          },
        }),
  };
  const { traces = [] } = await store.ask("searchTraces", search);
  const whole: JsonValue[] = [];
  for (const { traceId = "" } of traces) whole.push(jaegerTrace(await store.ask("getTrace", traceId)));
  return list(whole);
}

function timestampOfMicros(micros: number) {
  const seconds = Math.floor(micros / 1e6);
  return {
    $typeName: "google.protobuf.Timestamp" as const,
    seconds: BigInt(seconds),
    nanos: Math.round(micros - seconds * 1e6) * 1_000,
  };
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,17}$/.test(text)) throw new BadRequest(`parameter '${name}' is no whole number: ${JSON.stringify(text)}`);
  return Number(text);
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's spelling, like `1.5s` and `200ms`, in milliseconds. */
function durationOf(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === "") return 0;
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)$/.exec(text) ?? [];
  const factor = unitMs[unit ?? ""];
  if (factor === undefined)
    throw new BadRequest(`parameter '${name}' is no duration like 200ms: ${JSON.stringify(text)}`);
  return Number(number) * factor;
}

/** `tags={"key":"value"}` or `tag=key:value`; `error=true` asks for failed spans. */
function tagsOf(query: URLSearchParams): { isError: boolean; attributes: Record<string, string> } {
  const attributes = new Map<string, string>();
  for (const json of query.getAll("tags")) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(json);
    } catch {
      throw new BadRequest("parameter 'tags' is no JSON object");
    }
    if (typeof parsed !== "object" || parsed === null) throw new BadRequest("parameter 'tags' is no JSON object");
    for (const [key, value] of Object.entries(parsed)) attributes.set(key, String(value));
  }
  for (const tag of query.getAll("tag")) {
    const at = tag.indexOf(":");
    if (at < 1) throw new BadRequest("parameter 'tag' is not like key:value");
    attributes.set(tag.slice(0, at), tag.slice(at + 1));
  }
  const isError = attributes.get("error") === "true";
  attributes.delete("error");
  return { isError, attributes: Object.fromEntries([...attributes].slice(0, 16)) };
}

function list(data: JsonValue[]): JaegerAnswer {
  return { status: 200, body: { data, total: data.length, limit: 0, offset: 0, errors: null } };
}

function failure(status: number, msg: string): JaegerAnswer {
  return { status, body: { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg }] } };
}

const kindTags: Readonly<Partial<Record<SpanKind, string>>> = {
  [SpanKind.INTERNAL]: "internal",
  [SpanKind.SERVER]: "server",
  [SpanKind.CLIENT]: "client",
  [SpanKind.PRODUCER]: "producer",
  [SpanKind.CONSUMER]: "consumer",
};

function jaegerTrace({ traceId = "", spans = [] }: StoredTrace): JsonObject {
  const processes = new Map<string, string>();
  const processJson: JsonObject = {};
  const jaegerSpans = spans.map((span): JsonObject => {
    const resource = (span.resource ?? {}) as JsonObject;
    const key = `${span.service}\n${JSON.stringify(resource)}`;
    let processId = processes.get(key);
    if (processId === undefined) {
      processId = `p${processes.size + 1}`;
      processes.set(key, processId);
      const { "service.name": _, ...rest } = resource;
      processJson[processId] = { serviceName: span.service ?? "", tags: tagsJson(rest) };
    }
    return jaegerSpan(span, traceId, processId);
  });
  return { traceID: traceId, spans: jaegerSpans, processes: processJson, warnings: null };
}

function jaegerSpan(span: StoredSpan, traceID: string, processID: string): JsonObject {
  const startMicros = microsOf(span.start);
  const kind = kindTags[span.kind ?? SpanKind.UNSPECIFIED];
  const references: JsonObject[] = [];
  if (span.parentSpanId) references.push({ refType: "CHILD_OF", traceID, spanID: span.parentSpanId });
  for (const link of span.links ?? []) {
    references.push({ refType: "FOLLOWS_FROM", traceID: link.traceId ?? "", spanID: link.spanId ?? "" });
  }
  return {
    traceID,
    spanID: span.spanId ?? "",
    operationName: span.name ?? "",
    references,
    startTime: startMicros,
    duration: Math.round(Number(span.durationNanos ?? 0n) / 1_000),
    tags: [
      ...tagsJson((span.attributes ?? {}) as JsonObject),
      ...(kind === undefined ? [] : [tag("span.kind", kind)]),
      ...(span.isError ? [tag("error", true), tag("otel.status_code", "ERROR")] : []),
      ...(span.statusMessage ? [tag("otel.status_description", span.statusMessage)] : []),
    ],
    logs: (span.events ?? []).map((event) => ({
      timestamp: startMicros + Math.round(Number(event.offsetNanos ?? 0n) / 1_000),
      fields: [tag("event", event.name ?? ""), ...tagsJson((event.attributes ?? {}) as JsonObject)],
    })),
    processID,
    warnings: null,
  };
}

function microsOf(time: StoredSpan["start"]): number {
  return Number(time?.seconds ?? 0n) * 1e6 + Math.floor((time?.nanos ?? 0) / 1_000);
}

function tagsJson(attributes: JsonObject): JsonObject[] {
  return Object.entries(attributes).map(([key, value]) => tag(key, value));
}

function tag(key: string, value: JsonValue): JsonObject {
  if (typeof value === "boolean") return { key, type: "bool", value };
  if (typeof value === "number") return { key, type: Number.isInteger(value) ? "int64" : "float64", value };
  return { key, type: "string", value: typeof value === "string" ? value : JSON.stringify(value) };
}
