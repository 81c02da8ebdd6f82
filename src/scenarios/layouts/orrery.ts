import { systemShape } from "../../observatory/system-shape.ts";
import { services } from "../../services/index.ts";
import type { RecordedRun } from "../recorded-run.ts";
import type { Layout } from "./layout.ts";

/** Our own: everything that was recorded, one Parquet file a signal, in OpenTelemetry's terms. */
export const orrery: Layout = {
  name: "orrery",
  refusal: () => undefined,
  async write(run) {
    await run.table(
      "orrery/spans.parquet",
      `select start_time, duration_ns, phase, service, pod, name, kind, is_error, status_message, trace_id, span_id,
         parent_span_id, attributes, resource, links, events, session_id, order_id, stands_for
       from run_spans order by start_time, trace_id, span_id`,
    );
    await run.table(
      "orrery/logs.parquet",
      `select time, phase, service, pod, severity_number, severity, event_name, body, attributes, trace_id, span_id, resource
       from run_logs order by time, service`,
    );
    await run.table(
      "orrery/metrics.parquet",
      `select time, phase, service, pod, name, type, unit, attributes, value, count, buckets, bounds, rate, series_id
       from run_points order by time, series_id`,
    );
    await run.table(
      "orrery/exemplars.parquet",
      `select e.time, s.service, s.name, s.attributes, e.value, e.trace_id, e.span_id, e.series_id
       from metric_exemplars e join metric_series s using (series_id)
       where e.time >= (select min(time) from run_points) and e.time <= (select max(time) from run_points)
       order by e.time, e.series_id`,
    );
    await run.table(
      "orrery/marks.parquet",
      "select time, phase, kind, service, text, version from run_marks order by time",
    );
    await run.table(
      "orrery/alerts.parquet",
      "select name, service, severity, objective, summary, since, until from run_alerts order by since, name",
    );
    await run.text("orrery/topology.json", `${JSON.stringify(await topology(run), null, 2)}\n`);
  },
};

/** Who calls whom: what the declarations say, and what was seen in which phase. */
async function topology(run: RecordedRun) {
  const shape = systemShape(services);
  const seen = await run.ask<{ source: string; target: string; phase: string; calls: bigint; errors: bigint }>(
    `select source, target, phase, sum(calls)::bigint as calls, sum(errors)::bigint as errors from run_edges group by all
     order by source, target, phase`,
  );
  const edges = new Map(
    [...shape.edges].map((edge) => [edge, { isDeclared: true, seen: {} as Record<string, object> }]),
  );
  for (const { source, target, phase, calls, errors } of seen) {
    const key = `${source}\n${target}`;
    const edge = edges.get(key) ?? { isDeclared: false, seen: {} };
    edge.seen[phase] = { calls: Number(calls), errors: Number(errors) };
    edges.set(key, edge);
  }
  const names = new Set([...shape.nodes.keys(), ...[...edges.keys()].flatMap((edge) => edge.split("\n"))]);
  return {
    nodes: [...names].sort().map((name) => ({ name, criticality: shape.nodes.get(name)?.criticality ?? null })),
    edges: [...edges]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, edge]) => {
        const [from, to] = key.split("\n");
        return { from, to, ...edge };
      }),
  };
}
