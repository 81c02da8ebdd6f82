import { type RecordedRun, sqlText } from "../recorded-run.ts";
import { injectedFaults } from "../run.ts";
import type { Layout } from "./layout.ts";

/**
 * RCAEval (https://github.com/phamquiluan/RCAEval): `RE-Orrery/<service>_<fault>/1/`, the label in the folder's name, one
 * row a second from the beginning to the revert. `data.csv` and `simple_metrics.csv` are the same table under the names
 * that different readers look for; `metrics.parquet` is it in the newer form.
 */
export const rcaeval: Layout = {
  name: "rcaeval",
  refusal(run) {
    const faults = injectedFaults(run);
    const [fault, ...others] = faults;
    if (fault === undefined) return "a case has a fault.";
    if (others.length > 0)
      return `a case has one root cause; this has ${faults.map(({ entity }) => entity).join(", ")}.`;
    if (!/^[a-z-]+$/.test(fault.entity)) return `a root cause is a service, and ${fault.entity} is none.`;
    return undefined;
  },
  async write(run) {
    const [fault] = injectedFaults(run);
    if (fault === undefined) return;
    const folder = `rcaeval/RE-Orrery/${fault.entity}_${fault.flag}/1`;
    await run.text(`${folder}/inject_time.txt`, `${unixSeconds(fault.injectedAt)}\n`);
    const metrics = await metricsSelect(run);
    for (const file of ["data.csv", "simple_metrics.csv", "metrics.parquet"])
      await run.table(`${folder}/${file}`, metrics);
    await run.table(
      `${folder}/logs.csv`,
      `select epoch_ns(time) as timestamp, service as container_name,
         concat_ws(' ', nullif(event_name, ''), body, nullif(attributes, '{}')) as message, upper(severity) as level
       from run_logs where phase <> 'recovery' order by time`,
    );
    await run.table(
      `${folder}/traces.csv`,
      `select trace_id as "traceID", span_id as "spanID", nullif(parent_span_id, '') as "parentSpanID",
         service as "serviceName", nullif(attributes ->> 'rpc.method', '') as "methodName", name as "operationName",
         epoch_ns(start_time) // 1000 as "startTime", duration_ns // 1000 as duration,
         coalesce(http_status, grpc_status, if(is_error, 2, 0))::integer as "statusCode"
       from run_spans where phase <> 'recovery' order by start_time`,
    );
  },
};

/** The table of metrics, a column for each service and metric that there is. */
async function metricsSelect(run: RecordedRun): Promise<string> {
  const { baselineStart, revertedAt, endedAt } = run.times;
  // Of what is measured every few seconds, the last measurement stands until the next.
  const measured = `
    select time, service, 'cpu' as metric, sum(rate) as value from all_points where name = 'process.cpu.time' group by all
    union all select time, service, 'mem', sum(value) from all_points where name = 'process.memory.usage' group by all
    union all select time, service, 'lag', sum(value) from all_points where name = 'demo.event.lag' group by all
    union all select time, service, 'eventloop', max(value) from all_points where name = 'nodejs.eventloop.delay.p99' group by all`;
  const seconds = `select unnest(range(${unixSeconds(baselineStart) + 1}, ${unixSeconds(revertedAt ?? endedAt)})) as time`;
  const calls = `
    select epoch_ns(start_time) // 1000000000 as time, service, sum(stands_for)::double as load,
      coalesce(sum(stands_for) filter (where is_error), 0)::double as error,
      quantile_cont(duration_ns, 0.5) / 1e9 as "latency-50", quantile_cont(duration_ns, 0.9) / 1e9 as "latency-90"
    from run_spans where is_entry group by all`;
  await run.ask("drop table if exists rcaeval_values");
  await run.ask(`
    create temp table rcaeval_values as
    with second as (${seconds}), measured as (${measured}), calls as (${calls}),
      callee as (select distinct service from calls),
      called as (
        select second.time, callee.service, coalesce(load, 0) as load, coalesce(error, 0) as error, "latency-50", "latency-90"
        from second cross join callee left join calls on calls.time = second.time and calls.service = callee.service),
      held as (
        select second.time, series.service, series.metric, measured.value
        from second cross join (select distinct service, metric from measured) series
        asof left join measured on measured.service = series.service and measured.metric = series.metric
          and make_timestamp_ns((second.time + 1) * 1000000000) > measured.time)
    select time, service || '_' || metric as name, value from held where service <> ''
    union all
    select time, service || '_' || metric, value
    from (unpivot called on load, error, "latency-50", "latency-90" into name metric value value)`);
  const columns = await run.ask<{ name: string }>(
    "select distinct name from rcaeval_values where value is not null order by name",
  );
  const picked = columns.map(({ name }) => `max(value) filter (where name = ${sqlText(name)}) as "${name}"`);
  return `select time::bigint as time, ${picked.join(", ")} from rcaeval_values group by time order by time`;
}

function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000);
}
