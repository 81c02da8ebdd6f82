import { alertTiming } from "../../observatory/objectives/alert-timing.ts";
import { shopObjectives } from "../../observatory/objectives/shop-objectives.ts";
import type { RecordedRun } from "../recorded-run.ts";
import { type InjectedFault, injectedFaults } from "../run.ts";
import type { Layout } from "./layout.ts";

/** Of the fault kinds that the evaluator knows, the one whose traces in telemetry are the same; none for the rest. */
const chaosTypes: Readonly<Partial<Record<InjectedFault["category"], string>>> = {
  errors: "HTTPResponseAbort",
  latency: "HTTPResponseDelay",
  cpu: "CPUStress",
  memory: "MemoryStress",
  "garbage-collection": "JVMGarbageCollector",
  unreachable: "DNSError",
  "not-ready": "PodFailure",
};

/**
 * What an operation must have become for it to be an alarm: so many more errors, or so many times slower. Of fewer calls
 * than alerts need, nothing is said.
 */
const alarmErrorShare = 0.01;
const alarmSlowdown = 2;

/**
 * OpenRCA 2.0 as `rcabench-platform` (https://pypi.org/project/rcabench-platform) reads it: a folder a case, telemetry
 * before and after the injection apart, the injection, and the graph from cause to alarms.
 */
export const openrca2: Layout = {
  name: "openrca2",
  refusal: (run) => (injectedFaults(run).length === 0 ? "a case has a fault." : undefined),
  async write(run) {
    const folder = `openrca2/orrery-${run.manifest.id}`;
    for (const phase of ["normal", "abnormal"]) await writePhase(run, phase, `${folder}/${phase}_`);
    await run.table(`${folder}/conclusion.parquet`, `select * exclude (service) from (${conclusion})`);
    const json = (path: string, content: unknown) =>
      run.text(`${folder}/${path}`, `${JSON.stringify(content, null, 2)}\n`);
    await json("env.json", environment(run));
    await json("injection.json", injection(run));
    await json("causal_graph.json", await causalGraph(run));
    await run.text(
      `${folder}/label.txt`,
      `${[...new Set(injectedFaults(run).map(({ entity }) => entity))].join("\n")}\n`,
    );
  },
};

async function writePhase(run: RecordedRun, phase: string, prefix: string): Promise<void> {
  const utc = (time: string) => `${time}::timestamp::timestamptz as time`;
  const place = `service as service_name, node as "attr.k8s.node.name", namespace as "attr.k8s.namespace.name",
    service as "attr.k8s.deployment.name", pod as "attr.k8s.pod.name"`;
  await run.table(
    `${prefix}traces.parquet`,
    `select ${utc("start_time")}, trace_id, span_id, parent_span_id, service as service_name, name as span_name,
       duration_ns::ubigint as duration, if(is_error, 'Error', 'Unset') as "attr.status_code",
       kind as "attr.span_kind", http_status::usmallint as "attr.http.response.status_code", pod as "attr.k8s.pod.name"
     from run_spans where phase = '${phase}' order by start_time, span_id`,
  );
  await run.table(
    `${prefix}logs.parquet`,
    `select ${utc("run_logs.time")}, trace_id, span_id, service as service_name, upper(severity) as level,
       concat_ws(' ', nullif(event_name, ''), body, nullif(attributes, '{}')) as message, pod as "attr.k8s.pod.name"
     from run_logs where phase = '${phase}' order by run_logs.time, service`,
  );
  const named = "concat(name, if(attributes = '{}', '', attributes)) as metric";
  const points = (types: string, columns: string) =>
    `select ${utc("run_points.time")}, ${named}, ${columns}, ${place}
     from run_points where phase = '${phase}' and type in (${types}) order by run_points.time, metric, service`;
  await run.table(`${prefix}metrics.parquet`, points("'gauge', 'up_down_counter'", "value::double as value"));
  await run.table(`${prefix}metrics_sum.parquet`, points("'counter'", "value::double as value"));
  await run.table(
    `${prefix}metrics_histogram.parquet`,
    points("'histogram'", `count::double as count, value::double as sum, null::double as min, null::double as max`),
  );
}

/** Each operation before and after. */
const measured = (phase: string) =>
  `count(*) filter (where phase = '${phase}') as ${phase}_calls, avg(duration_ns) filter (where phase = '${phase}') / 1e6 as ${phase}_avg,
   (sum(stands_for) filter (where phase = '${phase}' and not is_error))::double / sum(stands_for) filter (where phase = '${phase}') as ${phase}_rate,
   quantile_cont(duration_ns, 0.9) filter (where phase = '${phase}') / 1e6 as ${phase}_p90,
   quantile_cont(duration_ns, 0.95) filter (where phase = '${phase}') / 1e6 as ${phase}_p95,
   quantile_cont(duration_ns, 0.99) filter (where phase = '${phase}') / 1e6 as ${phase}_p99`;
const conclusion = `
  select service, service || '::' || name as "SpanName",
    case when isError and isSlow then '{"error_rate":true,"latency":true}' when isError then '{"error_rate":true}'
      when isSlow then '{"latency":true}' else '{}' end as "Issues",
    abnormal_avg as "AbnormalAvgDuration", normal_avg as "NormalAvgDuration",
    abnormal_succ as "AbnormalSuccRate", normal_succ as "NormalSuccRate",
    abnormal_p90 as "AbnormalP90", normal_p90 as "NormalP90", abnormal_p95 as "AbnormalP95", normal_p95 as "NormalP95",
    abnormal_p99 as "AbnormalP99", normal_p99 as "NormalP99"
  from (
    select *, coalesce(abnormal_rate, if(abnormal_avg is null, null, 0)) as abnormal_succ,
      coalesce(normal_rate, if(normal_avg is null, null, 0)) as normal_succ,
      least(normal_calls, abnormal_calls) >= ${alertTiming.minEvents} as isKnown,
      coalesce(isKnown and normal_succ - abnormal_succ >= ${alarmErrorShare}, false) as isError,
      coalesce(isKnown and abnormal_p95 >= ${alarmSlowdown} * normal_p95, false) as isSlow
    from (select service, name, ${measured("normal")}, ${measured("abnormal")} from run_spans where is_entry group by service, name))
  order by "SpanName"`;

function environment({ times }: RecordedRun) {
  const { baselineStart, injectedAt = times.endedAt, revertedAt = times.endedAt } = times;
  const seconds = (time: Date) => String(Math.floor(time.getTime() / 1_000));
  return {
    NORMAL_START: seconds(baselineStart),
    NORMAL_END: seconds(injectedAt),
    ABNORMAL_START: seconds(injectedAt),
    ABNORMAL_END: seconds(revertedAt),
    TIMEZONE: "UTC",
  };
}

function injection(run: RecordedRun) {
  const { injectedAt, revertedAt } = run.times;
  const faults = injectedFaults(run);
  return {
    start_time: injectedAt?.toISOString(),
    end_time: revertedAt?.toISOString(),
    engine_config: faults.map(({ entity, category, flag, variant, target, reason, injectedAt: time }) => ({
      app: entity,
      // A flag of the shop is no chaos of theirs; where none compares, the evaluator takes it for "unknown".
      chaos_type: chaosTypes[category] ?? "FeatureFlag",
      flag,
      variant,
      target,
      reason,
      category,
      time: time.toISOString(),
    })),
    ground_truth: faults.map(({ entity }) => ({ service: [entity] })),
  };
}

/** From the causes over the propagation to the operations that became worse, of the services whose indicators fell. */
async function causalGraph(run: RecordedRun) {
  const faults = injectedFaults(run);
  const { propagation, slis } = run.manifest;
  const worse = await run.ask<{ service: string; SpanName: string; Issues: string }>(
    `select service, "SpanName", "Issues" from (${conclusion}) where "Issues" <> '{}'`,
  );
  const reached = new Set([
    ...faults.map(({ entity }) => entity),
    ...propagation.flatMap(({ from, to }) => [from, to]),
  ]);
  const promised = new Set(
    slis.map(({ name }) => shopObjectives.find((objective) => objective.name === name)?.service ?? ""),
  );
  // Customers feel what the outermost of those services does; where none is promised anything, all that is reached.
  const ends = new Set([...reached].filter((name) => !propagation.some(({ from }) => from === name)));
  const alarms = worse.filter(({ service }) => reached.has(service) && (promised.has(service) || ends.has(service)));
  const timestamp = Math.floor((run.times.injectedAt ?? run.times.endedAt).getTime() / 1_000);
  const service = (name: string) => `service|${name}`;
  const node = (component: string, state: readonly string[]) => ({ component, state, timestamp });
  const alarmNodes = alarms.map(({ SpanName, Issues }) => node(`span|${SpanName}`, states(Issues)));
  const causeNodes = faults.map(({ entity, category, injectedAt }) => ({
    component: service(entity),
    state: [category],
    timestamp: Math.floor(injectedAt.getTime() / 1_000),
  }));
  const causes = new Set(faults.map(({ entity }) => entity));
  return {
    case_name: `orrery-${run.manifest.id}`,
    nodes: [
      ...causeNodes,
      ...[...reached].filter((name) => !causes.has(name)).map((name) => node(service(name), [])),
      ...alarmNodes,
    ],
    root_causes: causeNodes,
    alarm_nodes: alarmNodes,
    edges: [
      ...propagation.map(({ from, to }) => ({ source: service(from), target: service(to) })),
      ...alarms.map((alarm) => ({ source: service(alarm.service), target: `span|${alarm.SpanName}` })),
    ],
    component_to_service: Object.fromEntries([
      ...[...reached].map((name) => [service(name), name]),
      ...alarms.map((alarm) => [`span|${alarm.SpanName}`, alarm.service]),
    ]),
  };
}

function states(issues: string): readonly string[] {
  return [
    ...(issues.includes("error_rate") ? ["high_error_rate"] : []),
    ...(issues.includes("latency") ? ["high_latency"] : []),
  ];
}
