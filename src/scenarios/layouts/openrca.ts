import type { RecordedRun } from "../recorded-run.ts";
import { type InjectedFault, injectedFaults } from "../run.ts";
import type { Layout } from "./layout.ts";

const root = "openrca/dataset/Orrery";
/** OpenRCA's clock is that of Shanghai, which has no summer time. */
const zoneOffsetMs = 8 * 3_600_000;
/** Rates and averages are of so many seconds: the grain of the service map. */
const stepSeconds = 10;

/**
 * OpenRCA (https://github.com/microsoft/OpenRCA): `record.csv` and `query.csv` beside telemetry in the files of its
 * Market systems, in folders by day of its clock, UTC+8.
 */
export const openrca: Layout = {
  name: "openrca",
  refusal: (run) => (injectedFaults(run).length === 0 ? "a case has a fault." : undefined),
  async write(run) {
    const faults = injectedFaults(run);
    await run.text(
      `${root}/record.csv`,
      csv([
        ["level", "component", "timestamp", "datetime", "reason"],
        ...faults.map(({ entity, injectedAt, reason }) => [
          "service",
          entity,
          String(Math.floor(injectedAt.getTime() / 1_000)),
          localTime(injectedAt),
          reason,
        ]),
      ]),
    );
    await run.text(
      `${root}/query.csv`,
      csv([["task_index", "instruction", "scoring_points"], ...queries(run, faults)]),
    );
    const days = await run.ask<{ day: string }>(
      `select distinct strftime(make_timestamp_ns(epoch_ns(time) + ${zoneOffsetMs}000000), '%Y_%m_%d') as day
       from (select start_time as time from run_spans union all select time from run_logs union all select time from run_points)
       order by day`,
    );
    for (const { day } of days) await writeDay(run, day);
  },
};

async function writeDay(run: RecordedRun, day: string): Promise<void> {
  const folder = `${root}/telemetry/${day}`;
  const onDay = (time: string) =>
    `strftime(make_timestamp_ns(epoch_ns(${time}) + ${zoneOffsetMs}000000), '%Y_%m_%d') = '${day}'`;
  const step = (time: string) => `(epoch_ns(${time}) // ${stepSeconds}000000000) * ${stepSeconds}`;
  // Counters as their rates, for the rest of the files are levels, too.
  const kpi = `concat(name, if(attributes = '{}', '', attributes)) as kpi_name, coalesce(rate, value) as value`;
  const isOfProcess = "regexp_matches(name, '^(process|nodejs|v8js)\\.')";
  const level = "(type not in ('counter', 'histogram') or rate is not null) and type <> 'histogram'";
  await run.table(
    `${folder}/metric/metric_container.csv`,
    `select epoch_ns(time) // 1000000000 as timestamp, node || '.' || pod as cmdb_id, ${kpi}
     from run_points where ${isOfProcess} and ${level} and ${onDay("time")} order by timestamp, cmdb_id, kpi_name`,
  );
  await run.table(
    `${folder}/metric/metric_runtime.csv`,
    `select epoch_ns(time) // 1000000000 as timestamp, pod as cmdb_id, ${kpi}
     from run_points where not ${isOfProcess} and ${level} and ${onDay("time")} order by timestamp, cmdb_id, kpi_name`,
  );
  await run.table(
    `${folder}/metric/metric_mesh.csv`,
    `select ${step("time")} as timestamp, source || '-0.source.' || source || '.' || target as cmdb_id, kpi_name, value
     from (unpivot (select time, source, target, calls / ${stepSeconds} as requests_per_second,
         errors / ${stepSeconds} as errors_per_second from run_edges)
       on requests_per_second, errors_per_second into name kpi_name value value)
     where ${onDay("time")} order by timestamp, cmdb_id, kpi_name`,
  );
  await run.table(
    `${folder}/metric/metric_service.csv`,
    `select service, ${step("start_time")} as timestamp, sum(stands_for) / ${stepSeconds} as rr,
       100.0 * coalesce(sum(stands_for) filter (where not is_error), 0) / sum(stands_for) as sr,
       avg(duration_ns) / 1e6 as mrt, sum(stands_for)::bigint as count
     from run_spans where is_entry and ${onDay("start_time")} group by service, ${step("start_time")} order by timestamp, service`,
  );
  await run.table(
    `${folder}/trace/trace_span.csv`,
    `select epoch_ns(start_time) // 1000000 as timestamp, pod as cmdb_id, span_id, trace_id, duration_ns // 1000 as duration,
       case when attributes ->> 'rpc.system.name' is not null then 'rpc' when attributes ->> 'db.system.name' is not null then 'db'
         when attributes ->> 'messaging.system' is not null then 'messaging' else 'http' end as type,
       coalesce(http_status, grpc_status, if(is_error, 2, 0)) as status_code, name as operation_name,
       parent_span_id as parent_span
     from run_spans where ${onDay("start_time")} order by start_time, span_id`,
  );
  const log = `select md5(concat(epoch_ns(time), service, body, span_id, attributes)) as log_id,
      epoch_ns(time) // 1000000000 as timestamp, pod as cmdb_id,
      coalesce(nullif(event_name, ''), 'log') as log_name,
      concat_ws(' ', upper(severity), body, nullif(attributes, '{}')) as value
    from run_logs where ${onDay("time")}`;
  await run.table(`${folder}/log/log_service.csv`, `${log} and service <> 'frontend-proxy' order by time, log_id`);
  await run.table(`${folder}/log/log_proxy.csv`, `${log} and service = 'frontend-proxy' order by time, log_id`);
}

/** What each of OpenRCA's seven kinds of task asks for. */
const tasks = [
  ["time"],
  ["reason"],
  ["component"],
  ["time", "reason"],
  ["time", "component"],
  ["component", "reason"],
  ["time", "component", "reason"],
] as const;
type Element = (typeof tasks)[number][number];

const asked: Readonly<Record<Element, string>> = {
  time: "the time at which it began",
  component: "the component that caused it",
  reason: "the reason of it",
};

function queries({ times }: RecordedRun, faults: readonly InjectedFault[]): string[][] {
  const from = localTime(times.baselineStart);
  const to = localTime(times.revertedAt ?? times.endedAt);
  const what = faults.length === 1 ? "a single failure" : `${faults.length} failures`;
  return tasks.map((elements, index) => [
    `task_${index + 1}`,
    `Between ${from} and ${to} (UTC+8) there was ${what} in the shop. Find ${elements.map((element) => asked[element]).join(" and ")}.`,
    faults
      .map((fault, place) => scoringPoints(fault, faults.length === 1 ? "only" : `${place + 1}-th`, elements))
      .join(""),
  ]);
}

/** In the words and the order that OpenRCA's evaluator looks for. */
function scoringPoints(
  { entity, reason, injectedAt }: InjectedFault,
  which: string,
  elements: readonly Element[],
): string {
  const lines: Readonly<Record<Element, string>> = {
    time: `The ${which} root cause occurrence time is within 1 minutes (i.e., <=1min) of ${localTime(injectedAt)}\n`,
    component: `The ${which} predicted root cause component is ${entity}\n`,
    reason: `The ${which} predicted root cause reason is ${reason}\n`,
  };
  const wanted: readonly Element[] = elements;
  return (["time", "component", "reason"] as const)
    .filter((element) => wanted.includes(element))
    .map((element) => lines[element])
    .join("");
}

function localTime(time: Date): string {
  return new Date(time.getTime() + zoneOffsetMs).toISOString().slice(0, 19).replace("T", " ");
}

function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
