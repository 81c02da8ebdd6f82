import { stringify } from "yaml";
import { shopObjectives } from "../../observatory/objectives/shop-objectives.ts";
import { type RecordedRun, sqlText } from "../recorded-run.ts";
import { injectedFaults } from "../run.ts";
import type { Layout } from "./layout.ts";

/** What the OpenTelemetry Demo calls the namespace that it is in. */
const namespace = "otel-demo";

/**
 * ITBench's scenarios of site reliability (https://github.com/itbench-hub/ITBench): `ground_truth.yaml` in the first
 * version's form, and one folder of tables as its offline agent reads them. There are no Kubernetes events or objects in
 * it; the number is the manifest's seed, which no other manifest has.
 */
export const itbench: Layout = {
  name: "itbench",
  refusal: () => undefined,
  async write(run) {
    const folder = `itbench/Scenario-${run.manifest.seed}`;
    await run.text(`${folder}/ground_truth.yaml`, stringify(groundTruth(run), { lineWidth: 0 }));
    await writeSignals(run, folder);
    await writeMetrics(run, folder);
    await writeAlerts(run, folder);
  },
};

function groundTruth(run: RecordedRun) {
  const { propagation, alerts } = run.manifest;
  const faults = injectedFaults(run);
  const causes = new Set(faults.map(({ entity }) => entity));
  // An alert has the name of its objective, and how urgent it is.
  const promises = alerts.flatMap((alert) => {
    const objective = shopObjectives.find(({ name }) => alert.startsWith(`${name}-`));
    return objective === undefined ? [] : [{ alert, service: objective.service }];
  });
  const entities = new Set([
    ...causes,
    ...propagation.flatMap(({ from, to }) => [from, to]),
    ...promises.map(({ service }) => service),
  ]);
  return {
    alerts: promises.map(({ alert, service }) => ({ id: alert, group_id: groupId(service) })),
    aliases: [],
    fault: faults.map(({ flag, variant, target, entity, reason, injectedAt }) => ({
      category: "Change",
      condition: `${flag} is ${variant} in ${target}: ${reason}`,
      entity: { kind: kindOf(entity), name: entity },
      injected_at: injectedAt.toISOString(),
    })),
    groups: [...entities].map((name) => ({
      id: groupId(name),
      kind: kindOf(name),
      namespace,
      filter: [`${name.replaceAll(/[^\w-]/g, "\\$&")}\\b`],
      ...(causes.has(name) ? { root_cause: true } : {}),
    })),
    propagations: propagation.map(({ from, to, condition, effect }) => ({
      source: groupId(from),
      target: groupId(to),
      condition,
      effect,
    })),
  };
}

async function writeSignals(run: RecordedRun, folder: string): Promise<void> {
  // The columns of the Collector's ClickHouse exporter.
  const texts = (json: string) => `coalesce(json_transform(${json}, '"MAP(VARCHAR, VARCHAR)"')::json::varchar, '{}')`;
  await run.tableIfAny(
    `${folder}/otel_traces_raw.tsv`,
    `select ${isoTime("start_time")} as "Timestamp", trace_id as "TraceId", span_id as "SpanId",
       parent_span_id as "ParentSpanId", '' as "TraceState", name as "SpanName",
       upper(kind[1]) || kind[2:] as "SpanKind", service as "ServiceName", ${texts("resource")} as "ResourceAttributes",
       '' as "ScopeName", '' as "ScopeVersion", ${texts("attributes")} as "SpanAttributes", duration_ns as "Duration",
       if(is_error, 'Error', 'Unset') as "StatusCode", coalesce(status_message, '') as "StatusMessage",
       coalesce(events, '[]') as "Events", coalesce(links, '[]') as "Links"
     from run_spans order by start_time, span_id`,
  );
  await run.tableIfAny(
    `${folder}/otel_logs_raw.tsv`,
    `select ${isoTime("time")} as "Timestamp", trace_id as "TraceId", span_id as "SpanId",
       if(trace_id = '', 0, 1) as "TraceFlags", upper(severity) as "SeverityText", severity_number as "SeverityNumber",
       service as "ServiceName", body as "Body", '' as "ResourceSchemaUrl", ${texts("resource")} as "ResourceAttributes",
       '' as "ScopeSchemaUrl", '' as "ScopeName", '' as "ScopeVersion", '{}' as "ScopeAttributes",
       ${texts("attributes")} as "LogAttributes", event_name as "EventName"
     from run_logs order by time, service`,
  );
}

async function writeMetrics(run: RecordedRun, folder: string): Promise<void> {
  const point = `name as metric_name, ${isoTime("time")} as timestamp`;
  const pods = await run.ask<{ pod: string }>(
    "select distinct pod from run_points where type <> 'histogram' and pod is not null order by pod",
  );
  for (const { pod } of pods) {
    await run.table(
      `${folder}/metrics/pod_${pod}_raw.tsv`,
      `select ${point}, value, pod as pod_name, '${namespace}' as namespace, attributes as tags
       from run_points where pod = ${sqlText(pod)} and type <> 'histogram' order by time, name, tags`,
    );
  }
  const services = await run.ask<{ service: string }>(
    "select distinct service from run_spans where is_entry order by service",
  );
  for (const { service } of services) {
    await run.table(
      `${folder}/metrics/service_${service}_raw.tsv`,
      `select case measure when 'calls' then 'calls_total' when 'errors' then 'errors_total' else 'duration_milliseconds_' || measure end as metric_name,
         strftime(make_timestamp_ns(second * 1000000000), '%Y-%m-%dT%H:%M:%S.000000000Z') as timestamp, value,
         ${sqlText(service)} as service_name, if(measure = 'errors', 'STATUS_CODE_ERROR', '') as status_code, '{}' as tags
       from (unpivot (
           select epoch_ns(start_time) // 10000000000 * 10 as second, sum(stands_for)::double as calls,
             coalesce(sum(stands_for) filter (where is_error), 0)::double as errors,
             quantile_cont(duration_ns, 0.5) / 1e6 as p50, quantile_cont(duration_ns, 0.95) / 1e6 as p95
           from run_spans where is_entry and service = ${sqlText(service)} group by all)
         on calls, errors, p50, p95 into name measure value value)
       order by second, metric_name`,
    );
  }
}

/** At each moment at which an alert was raised: which were firing then, as Prometheus lists them. */
async function writeAlerts(run: RecordedRun, folder: string): Promise<void> {
  const alerts = await run.ask<{
    name: string;
    service: string;
    severity: string;
    summary: string;
    since_ms: bigint;
    until_ms: bigint | null;
  }>(
    `select name, service, severity, summary, epoch_ms(since)::bigint as since_ms, epoch_ms(until)::bigint as until_ms
     from run_alerts order by since, name`,
  );
  for (const moment of new Set(alerts.map(({ since_ms }) => since_ms))) {
    const firing = alerts.filter(
      ({ since_ms, until_ms }) => since_ms <= moment && (until_ms === null || until_ms > moment),
    );
    const listed = firing.map(({ name, service, severity, summary, since_ms }) => ({
      labels: { alertname: name, namespace, service_name: service, severity },
      annotations: { summary },
      state: "firing",
      activeAt: new Date(Number(since_ms)).toISOString(),
      value: "1e+00",
    }));
    const time = new Date(Number(moment)).toISOString().replaceAll(":", "-").replace("Z", "000");
    await run.text(`${folder}/alerts/alerts_at_${time}.json`, `${JSON.stringify(listed, null, 2)}\n`);
  }
}

function isoTime(time: string): string {
  return `concat(strftime(${time}, '%Y-%m-%dT%H:%M:%S.'), lpad((epoch_ns(${time}) % 1000000000)::varchar, 9, '0'), 'Z')`;
}

function groupId(name: string): string {
  return `${name.replaceAll(/[^\w-]/g, "-")}-1`;
}

function kindOf(name: string): string {
  if (name.startsWith("postgresql/")) return "Database";
  return name.startsWith("topic/") ? "Topic" : "Service";
}
