import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Ask } from "../observatory/store/questions/asking.ts";
import type { Run } from "./run.ts";

type TableFormat = "parquet" | "csv" | "tsv";

const copyOptions: Readonly<Record<TableFormat, string>> = {
  parquet: "format parquet, compression zstd",
  csv: "format csv, header true",
  tsv: "format csv, header true, delimiter '\t'",
};

/** A run with its telemetry, for layouts to write. */
export interface RecordedRun extends Run {
  /** Asks the recorded tables and the views of {@link viewStatements}. */
  readonly ask: Ask;
  /** Writes a SELECT's rows below the recording's folder; the path's ending is the format. */
  table(path: string, select: string): Promise<void>;
  /** The same with what has no rows left out. */
  tableIfAny(path: string, select: string): Promise<void>;
  text(path: string, content: string): Promise<void>;
}

export function recordedRun(run: Run, { ask, folder }: { readonly ask: Ask; readonly folder: string }): RecordedRun {
  const place = async (path: string) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    return file;
  };
  const table = async (path: string, select: string) => {
    const options = copyOptions[path.slice(path.lastIndexOf(".") + 1) as TableFormat];
    await ask(`copy (${select}) to '${(await place(path)).replaceAll("'", "''")}' (${options})`);
  };
  return {
    ...run,
    ask,
    table,
    async tableIfAny(path, select) {
      const [row] = await ask<{ any: boolean }>(`select exists (${select}) as any`);
      if (row?.any) await table(path, select);
    },
    text: async (path, content) => writeFile(await place(path), content),
  };
}

/** A time as SQL, to the millisecond. */
export function sqlTime(time: Date): string {
  return `make_timestamp_ns(${BigInt(time.getTime()) * 1_000_000n})`;
}

/** A text as SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Records of changes and evaluations of flags name the fault: who looks for the cause does not get to see them. */
const givesAway = "event_name like 'feature_flag.%'";

/** What is kept from the layouts, for who compares an answer with the truth. */
export const withheldRecords = `
  select time, service, severity, event_name, body, attributes, trace_id, span_id from recorded_logs where ${givesAway} order by time`;

/**
 * What all layouts are made from. Phases are `normal` until the injection, `abnormal` until the revert, `recovery` until
 * the end; a pod is a process of a service, by the OpenTelemetry resource, numbered in the order of its appearance.
 */
export function viewStatements({ times }: Run): readonly string[] {
  const { baselineStart, injectedAt, revertedAt, endedAt } = times;
  const phase = (time: string) =>
    injectedAt === undefined
      ? "'normal'"
      : `case when ${time} < ${sqlTime(injectedAt)} then 'normal'
           when ${time} < ${sqlTime(revertedAt ?? endedAt)} then 'abnormal' else 'recovery' end`;
  const within = (time: string) => `${time} >= ${sqlTime(baselineStart)} and ${time} < ${sqlTime(endedAt)}`;
  return [
    `create or replace view processes as
     select resource_id, service, attributes as resource,
       coalesce(attributes ->> 'host.name', 'unknown') as node,
       coalesce(attributes ->> 'service.namespace', '') as namespace,
       coalesce(attributes ->> 'service.version', '') as version,
       service || '-' || (dense_rank() over (partition by service order by first_id) - 1) as pod
     from (select *, min(resource_id) over (partition by service, attributes ->> 'service.instance.id') as first_id from resources)`,
    `create or replace view run_spans as
     select s.*, ${phase("start_time")} as phase, p.pod, p.node, p.namespace, p.version, p.resource,
       kind in ('server', 'consumer') as is_entry,
       try_cast(s.attributes ->> 'http.response.status_code' as integer) as http_status,
       list_position(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND',
         'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE',
         'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
         s.attributes ->> 'rpc.response.status_code') - 1 as grpc_status
     from spans s left join processes p using (resource_id) where ${within("start_time")}`,
    `create or replace view recorded_logs as
     select l.*, ${phase("time")} as phase, p.pod, p.node, p.namespace, p.version, p.resource
     from logs l left join processes p using (resource_id) where ${within("time")}`,
    `create or replace view run_logs as select * from recorded_logs where not (${givesAway})`,
    // A rate is the rise since the point before it; a fall means that the count began anew.
    `create or replace view all_points as
     select p.time, p.value, p.count, p.buckets, s.series_id, s.name, s.service, s.description, s.unit, s.type, s.attributes,
       s.bounds, s.resource_id, ${phase("p.time")} as phase, r.pod, r.node, r.namespace, r.version, r.resource,
       case when s.type in ('counter', 'histogram') then
         (if(p.value >= lag(p.value) over series, p.value - lag(p.value) over series, p.value))
           / nullif((epoch_ns(p.time) - epoch_ns(lag(p.time) over series)) / 1e9, 0) end as rate
     from metric_points p join metric_series s using (series_id) left join processes r on r.resource_id = s.resource_id
     window series as (partition by p.series_id order by p.time)`,
    `create or replace view run_points as select * from all_points where ${within("time")}`,
    // Calls are counted by ten seconds; those in which a phase ends belong to neither.
    `create or replace view run_edges as
     select time, source, target, sum(calls)::bigint as calls, sum(errors)::bigint as errors,
       if(${phase("time")} = ${phase("(time + interval 9999 millisecond)")}, ${phase("time")}, 'between') as phase
     from edge_stats where ${within("time")} group by all`,
    // A mark does not tell its event; the record that it was made from does.
    `create or replace view run_marks as
     select *, ${phase("time")} as phase from marks where ${within("time")}
       and not exists (select 1 from recorded_logs l where l.time = marks.time and l.event_name like 'feature_flag.%')`,
    `create or replace view run_alerts as
     select * from alerts where since < ${sqlTime(endedAt)} and (until is null or until >= ${sqlTime(baselineStart)})`,
  ];
}
