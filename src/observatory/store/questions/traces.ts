import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type GetTraceResponseSchema,
  type SearchTracesRequest,
  type SearchTracesResponseSchema,
  SpanKind,
  type SpanSchema,
  type TraceSummarySchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { criticalPath } from "../../critical-path.ts";
import { type Ask, boundsOf, type Parameters, parseObject, timestamp, wholeWindowSeconds } from "./asking.ts";
import { logsOfTrace } from "./logs.ts";

/** Spans of one trace that are handed out. */
const maxSpansOfTrace = 10_000;
/** What their text may take, that the answer stays under the 4 MiB of a message, logs included. */
const maxTraceBytes = 2_800_000;
const defaultTraces = 50;

/** Around a window, where the rest of its traces is looked for to tell how long they took. */

const longestTraceNanos = 600_000_000_000n;

/** Steps back in time, in seconds: what is new is mostly near, and looking there first costs little. */
const reaches = [30, 300, 3_600, wholeWindowSeconds];

const kinds: Readonly<Record<string, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

export type TraceSearch = Omit<SearchTracesRequest, "$typeName" | "$unknown">;

interface SummaryRow {
  readonly trace_id: string;
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  readonly spans: bigint;
  readonly errors: bigint;
  readonly stands_for: number;
  readonly root_service: string;
  readonly root_operation: string;
}

/** Traces, newest first, with at least one span that meets all conditions. */
export async function searchTraces(
  search: TraceSearch,
  { ask, nowMs }: { readonly ask: Ask; readonly nowMs: number },
): Promise<MessageInitShape<typeof SearchTracesResponseSchema>> {
  const limit = search.limit || defaultTraces;
  const { start, end } = boundsOf(search.range, { nowMs, windowSeconds: wholeWindowSeconds });
  const { conditions, parameters } = spanConditions(search);
  const hasDuration = search.minDurationMs > 0 || search.maxDurationMs > 0;
  const found: SummaryRow[] = [];
  const known = new Set<string>();
  let until = end;
  for (const reach of reaches) {
    const reached = end - BigInt(reach) * 1_000_000_000n;
    const since = reached > start ? reached : start;
    const isMatch = `start_time >= make_timestamp_ns($since::bigint) and start_time < make_timestamp_ns($until::bigint)
       ${conditions}`;
    const candidates = hasDuration
      ? await ask<{ trace_id: string }>(
          `select trace_id, max(start_time) filter (where ${isMatch}) as latest,
             (max(epoch_ns(start_time) + duration_ns) - epoch_ns(min(start_time))) / 1e6 as ms
           from spans where start_time >= make_timestamp_ns($since::bigint - ${longestTraceNanos})
             and start_time < make_timestamp_ns($until::bigint + ${longestTraceNanos})
           group by trace_id having latest is not null and ms >= $min and ($max = 0 or ms <= $max)
           order by latest desc limit ${limit + known.size}`,
          { ...parameters, since, until, min: search.minDurationMs, max: search.maxDurationMs },
        )
      : await ask<{ trace_id: string }>(
          `select trace_id, max(start_time) as latest from spans where ${isMatch}
           group by trace_id order by latest desc limit ${limit + known.size}`,
          { ...parameters, since, until },
        );
    const ids = candidates.map(({ trace_id }) => trace_id).filter((id) => !known.has(id));
    for (const id of ids) known.add(id);
    found.push(...(await summaryRows(ask, ids)));
    until = since;
    if (found.length >= limit || since <= start) break;
  }
  found.sort((a, b) => (a.start_ns < b.start_ns ? 1 : -1));
  return { traces: await withServices(ask, found.slice(0, limit)) };
}

/** Summaries of traces by their ids; newest first. */
export async function summarise(
  ask: Ask,
  ids: readonly string[],
): Promise<MessageInitShape<typeof TraceSummarySchema>[]> {
  const rows = await summaryRows(ask, ids);
  rows.sort((a, b) => (a.start_ns < b.start_ns ? 1 : -1));
  return withServices(ask, rows);
}

function spanConditions(search: TraceSearch): { conditions: string; parameters: Parameters } {
  const parameters: Parameters = {};
  const conditions: string[] = [];
  if (search.service !== "") {
    conditions.push("service = $service");
    parameters.service = search.service;
  }
  if (search.operation !== "") {
    conditions.push("name = $operation");
    parameters.operation = search.operation;
  }
  if (search.sessionId !== "") {
    conditions.push("session_id = $session");
    parameters.session = search.sessionId;
  }
  if (search.orderId !== "") {
    conditions.push("order_id = $order");
    parameters.order = search.orderId;
  }
  if (search.onlyErrors) conditions.push("is_error");
  for (const [index, [key, value]] of Object.entries(search.attributes).entries()) {
    conditions.push(attributeCondition("attributes", `a${index}`));
    Object.assign(parameters, attributeParameters(`a${index}`, key, value));
  }
  return { conditions: conditions.map((condition) => `and ${condition}`).join(" "), parameters };
}

/** Whether a column of JSON, as the intake writes it, holds a key with a value, compared as text. */
function attributeCondition(column: string, name: string): string {
  const holds = (part: string) => `contains(${column}, $${name}_${part})`;
  // The bare value first: most rows do not have it, and are done with one look.
  return `(${holds("value")} and (${holds("text")} or ${holds("inner")} or ${holds("last")}))`;
}

function attributeParameters(name: string, key: string, value: string): Parameters {
  const start = `${JSON.stringify(key)}:`;
  const text = JSON.stringify(value);
  return {
    [`${name}_value`]: text.slice(1, -1),
    [`${name}_text`]: start + text,
    // Numbers and truth values have no quotes: they end with what follows them.
    [`${name}_inner`]: `${start}${value},`,
    [`${name}_last`]: `${start}${value}}`,
  };
}

async function summaryRows(ask: Ask, ids: readonly string[]): Promise<SummaryRow[]> {
  if (ids.length === 0) return [];
  return ask<SummaryRow>(
    `select trace_id,
       epoch_ns(min(start_time)) as start_ns,
       max(epoch_ns(start_time) + duration_ns) as end_ns,
       count(*) as spans,
       count_if(is_error)::bigint as errors,
       max(stands_for) as stands_for,
       arg_min(service, (parent_span_id <> '', start_time)) as root_service,
       arg_min(name, (parent_span_id <> '', start_time)) as root_operation
     from spans where trace_id in (${idList(ids)}) group by trace_id`,
  );
}

async function withServices(
  ask: Ask,
  rows: readonly SummaryRow[],
): Promise<MessageInitShape<typeof TraceSummarySchema>[]> {
  if (rows.length === 0) return [];
  const shares = await ask<{ trace_id: string; service: string; spans: bigint }>(
    `select trace_id, service, count(*) as spans from spans
     where trace_id in (${idList(rows.map(({ trace_id }) => trace_id))})
     group by trace_id, service order by min(start_time)`,
  );
  const byTrace = Map.groupBy(shares, ({ trace_id }) => trace_id);
  return rows.map((row) => ({
    traceId: row.trace_id,
    rootService: row.root_service,
    rootOperation: row.root_operation,
    start: timestamp(row.start_ns),
    durationMs: Number(row.end_ns - row.start_ns) / 1e6,
    spanCount: Number(row.spans),
    errorCount: Number(row.errors),
    standsFor: row.stands_for,
    services: (byTrace.get(row.trace_id) ?? []).map(({ service, spans }) => ({ service, spanCount: Number(spans) })),
  }));
}

/** The ids were checked when they came in: digits only. */
function idList(ids: readonly string[]): string {
  return ids.map((id) => `'${id}'`).join(",");
}

interface SpanRow {
  readonly span_id: string;
  readonly parent_span_id: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly start_ns: bigint;
  readonly duration_ns: bigint;
  readonly is_error: boolean;
  readonly status_message: string | null;
  readonly attributes: string;
  readonly resource: string | null;
  readonly links: string | null;
  readonly events: string | null;
  readonly stands_for: number;
}

/** One trace with its logs; without spans when it is not known. */
export async function getTrace(traceId: string, ask: Ask): Promise<MessageInitShape<typeof GetTraceResponseSchema>> {
  const id = traceId.toLowerCase();
  const rows = await ask<SpanRow>(
    `select span_id, parent_span_id, s.service, name, kind, epoch_ns(start_time) as start_ns, duration_ns, is_error,
       status_message, s.attributes, r.attributes as resource, links, events, stands_for
     from (select * from spans where trace_id = $id order by start_time limit ${maxSpansOfTrace + 1}) s
     left join resources r using (resource_id) order by start_time, parent_span_id <> '', duration_ns desc`,
    { id },
  );
  const { kept, isTruncated, repeatsResources } = withinMessage(rows);
  const first = kept[0]?.start_ns ?? 0n;
  const critical = criticalPath(
    kept.map((row) => {
      const start = Number(row.start_ns - first);
      return {
        spanId: row.span_id,
        parentSpanId: row.parent_span_id,
        start,
        end: start + Number(row.duration_ns),
      };
    }),
  );
  // Thousands of spans share a few resources.
  const resources = new Map<string, Record<string, never>>();
  const spans = kept.map((row): MessageInitShape<typeof SpanSchema> => {
    const resourceText = row.resource ?? "{}";
    const isFirst = !resources.has(resourceText);
    let resource = resources.get(resourceText);
    if (resource === undefined) {
      resource = parseObject(resourceText);
      resources.set(resourceText, resource);
    }
    return {
      spanId: row.span_id,
      parentSpanId: row.parent_span_id,
      service: row.service,
      name: row.name,
      kind: kinds[row.kind] ?? SpanKind.UNSPECIFIED,
      startOffsetNanos: row.start_ns - first,
      durationNanos: row.duration_ns,
      start: timestamp(row.start_ns),
      isError: row.is_error,
      statusMessage: row.status_message ?? "",
      attributes: parseObject(row.attributes),
      ...(isFirst || repeatsResources ? { resource } : {}),
      links: parseList<StoredLink>(row.links).map(({ trace_id, span_id }) => ({ traceId: trace_id, spanId: span_id })),
      events: parseList<StoredEvent>(row.events).map((event) => ({
        name: event.name,
        offsetNanos: BigInt(Math.round(event.offset_ns)),
        attributes: event.attributes,
      })),
      isCritical: critical.has(row.span_id),
    };
  });
  const standsFor = kept.reduce((most, row) => Math.max(most, row.stands_for), 1);
  return { traceId: id, spans, logs: await logsOfTrace(id, ask), isTruncated, standsFor };
}

/**
 * As many spans as a message holds. Very large traces tell each resource with its first span only, before spans are left
 * out.
 */
function withinMessage(rows: readonly SpanRow[]) {
  const sizeOf = (row: SpanRow) =>
    150 + row.name.length + [row.attributes, row.events, row.links].reduce((sum, json) => sum + bytesOf(json), 0);
  const resourceBytes = rows.reduce((sum, row) => sum + bytesOf(row.resource), 0);
  let bytes = 0;
  let count = 0;
  for (const row of rows) {
    bytes += sizeOf(row);
    if (bytes > maxTraceBytes || count === maxSpansOfTrace) break;
    count++;
  }
  return {
    kept: rows.slice(0, count),
    isTruncated: count < rows.length,
    repeatsResources: bytes + resourceBytes <= maxTraceBytes,
  };
}

function bytesOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text);
}

interface StoredLink {
  readonly trace_id: string;
  readonly span_id: string;
}

interface StoredEvent {
  readonly name: string;
  readonly offset_ns: number;
  readonly attributes: Record<string, never>;
}

function parseList<T>(json: string | null): T[] {
  return json === null ? [] : (JSON.parse(json) as T[]);
}

/** The services that were seen, with their operations. */
export async function listServices(ask: Ask): Promise<{ services: { name: string; operations: string[] }[] }> {
  const rows = await ask<{ service: string; name: string }>(
    "select distinct service, name from spans order by service, name",
  );
  const byService = Map.groupBy(rows, ({ service }) => service);
  return {
    services: [...byService].map(([name, operations]) => ({ name, operations: operations.map((row) => row.name) })),
  };
}
