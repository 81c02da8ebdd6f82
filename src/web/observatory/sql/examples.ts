/** Statements to start from. */
export const examples: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: "slowest operations",
    sql: `select service, name, count(*) as spans,
  round(quantile_cont(duration_ns, 0.95) / 1e6, 2) as p95_ms,
  round(max(duration_ns) / 1e6, 2) as max_ms
from spans
where kind in ('server', 'consumer')
group by all
order by p95_ms desc
limit 50`,
  },
  {
    title: "errors by service",
    sql: `select service, name, status_message, count(*) as failed, max(start_time) as last
from spans
where is_error
group by all
order by failed desc`,
  },
  {
    title: "an order's way",
    sql: `select order_id, trace_id, count(*) as spans, count(distinct service) as services,
  round((max(epoch_ns(start_time) + duration_ns) - min(epoch_ns(start_time))) / 1e6, 1) as total_ms
from spans
where trace_id in (select trace_id from spans where order_id <> '')
group by trace_id, order_id
having order_id <> ''
order by total_ms desc
limit 50`,
  },
  {
    title: "who calls whom",
    sql: `select source, target, sum(calls) as calls, sum(errors) as errors
from edge_stats
group by all
order by calls desc`,
  },
  {
    title: "events in logs",
    sql: `select event_name, service, count(*) as records, max(time) as last
from logs
where event_name <> ''
group by all
order by records desc`,
  },
];
