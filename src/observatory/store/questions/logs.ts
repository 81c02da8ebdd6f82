import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  LogRecordSchema,
  SearchLogsRequest,
  SearchLogsResponseSchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { FreshRecord } from "../intake.ts";
import { type Ask, boundsOf, type Parameters, parseObject, timestamp, wholeWindowSeconds } from "./asking.ts";

const defaultRecords = 200;
const maxRecordsOfTrace = 2_000;
/** Beside the spans, that the answer stays under the 4 MiB of a message. */
const maxLogBytesOfTrace = 700_000;
const maxSearchBytes = 3_000_000;
const histogramBuckets = 60n;
/** OpenTelemetry's numbers, from which on a record is a warning or an error. */
const warning = 13;
const error = 17;

interface LogRow {
  readonly time_ns: bigint;
  readonly service: string;
  readonly severity_number: number;
  readonly severity: string;
  readonly event_name: string;
  readonly body: string;
  readonly attributes: string;
  readonly trace_id: string;
  readonly span_id: string;
}

const columns =
  "epoch_ns(time) as time_ns, service, severity_number, severity, event_name, body, attributes, trace_id, span_id";

export type LogSearch = Omit<SearchLogsRequest, "$typeName" | "$unknown">;

/** Records, newest first, and how many there were of which severity over time. */
export async function searchLogs(
  search: LogSearch,
  { ask, nowMs }: { readonly ask: Ask; readonly nowMs: number },
): Promise<MessageInitShape<typeof SearchLogsResponseSchema>> {
  const { start, end } = boundsOf(search.range, { nowMs, windowSeconds: wholeWindowSeconds });
  const parameters: Parameters = { start, end };
  const conditions = ["time >= make_timestamp_ns($start::bigint)", "time < make_timestamp_ns($end::bigint)"];
  if (search.service !== "") {
    conditions.push("service = $service");
    parameters.service = search.service;
  }
  if (search.eventName !== "") {
    conditions.push("event_name = $event");
    parameters.event = search.eventName;
  }
  if (search.traceId !== "") {
    conditions.push("trace_id = $trace");
    parameters.trace = search.traceId.toLowerCase();
  }
  if (search.minSeverityNumber > 0) {
    conditions.push("severity_number >= $severity");
    parameters.severity = search.minSeverityNumber;
  }
  for (const [index, word] of search.text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 16).entries()) {
    conditions.push(
      `(contains(lower(body), $word${index}) or contains(lower(event_name), $word${index}) or contains(lower(attributes), $word${index}))`,
    );
    parameters[`word${index}`] = word;
  }
  const where = conditions.join(" and ");
  const rows = await ask<LogRow>(
    `select ${columns} from logs where ${where} order by time desc limit ${search.limit || defaultRecords}`,
    parameters,
  );
  return {
    records: withinBytes(rows, maxSearchBytes).map(record),
    histogram: await histogram(ask, { where, parameters }),
  };
}

async function histogram(ask: Ask, { where, parameters }: { where: string; parameters: Parameters }) {
  const [range] = await ask<{ first: bigint | null; last: bigint | null }>(
    `select epoch_ns(min(time)) as first, epoch_ns(max(time)) as last from logs where ${where}`,
    parameters,
  );
  if (range === undefined || range.first === null || range.last === null) return [];
  const { first } = range;
  const width = (range.last - first) / histogramBuckets + 1n;
  const rows = await ask<{ bucket: bigint; errors: bigint; warnings: bigint; total: bigint }>(
    `select (epoch_ns(time) - $first::bigint) // $width::bigint as bucket,
       count_if(severity_number >= ${error})::bigint as errors,
       count_if(severity_number >= ${warning} and severity_number < ${error})::bigint as warnings,
       count(*) as total
     from logs where ${where} group by bucket`,
    { ...parameters, first, width },
  );
  const byBucket = new Map(rows.map((row) => [row.bucket, row]));
  return Array.from({ length: Number(histogramBuckets) }, (_, index) => {
    const row = byBucket.get(BigInt(index));
    const errors = row?.errors ?? 0n;
    const warnings = row?.warnings ?? 0n;
    const start = timestamp(first + BigInt(index) * width);
    return { start, errors, warnings, others: (row?.total ?? 0n) - errors - warnings };
  });
}

/** The records of a trace, in the order of their time. */
export async function logsOfTrace(traceId: string, ask: Ask): Promise<MessageInitShape<typeof LogRecordSchema>[]> {
  const rows = await ask<LogRow>(
    `select ${columns} from logs where trace_id = $traceId order by time limit ${maxRecordsOfTrace}`,
    { traceId },
  );
  return withinBytes(rows, maxLogBytesOfTrace).map(record);
}

/** The first rows, as many as fit. */
function withinBytes(rows: readonly LogRow[], maxBytes: number): readonly LogRow[] {
  let bytes = 0;
  const tooMany = rows.findIndex((row) => {
    bytes += 150 + Buffer.byteLength(row.body) + Buffer.byteLength(row.attributes);
    return bytes > maxBytes;
  });
  return tooMany < 0 ? rows : rows.slice(0, tooMany);
}

function record(row: LogRow): MessageInitShape<typeof LogRecordSchema> {
  return {
    time: timestamp(row.time_ns),
    service: row.service,
    severityNumber: row.severity_number,
    severity: row.severity,
    eventName: row.event_name,
    body: row.body,
    attributes: parseObject(row.attributes),
    traceId: row.trace_id,
    spanId: row.span_id,
  };
}

/** A record as it came in, for those who watch. */
export function freshRecord(fresh: FreshRecord): MessageInitShape<typeof LogRecordSchema> {
  return {
    time: timestamp(fresh.timeNanos),
    service: fresh.service,
    severityNumber: fresh.severityNumber,
    severity: fresh.severity,
    eventName: fresh.eventName,
    body: fresh.body,
    attributes: Object.fromEntries(fresh.attributes) as Record<string, never>,
    traceId: fresh.traceId,
    spanId: fresh.spanId,
  };
}
