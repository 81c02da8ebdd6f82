import type { Events } from "../objectives/error-budget.ts";
import type { Indicator, ObjectiveDefinition } from "../objectives/objective.ts";
import { firstBucketAbove } from "./latency-buckets.ts";
import type { TrafficSource } from "./questions/map.ts";

/** Good and bad events of an objective since a time, by slots of the roll-ups, oldest first. */
export function objectiveEvents(
  { service, indicator }: ObjectiveDefinition,
  source: TrafficSource,
  since: bigint,
): Promise<Events[]> {
  if (indicator.kind === "delay") return delayEvents(indicator, source, since);
  return source.traffic.consistently(() => spanEvents(service, indicator, { source, since }));
}

async function spanEvents(
  service: string,
  indicator: Exclude<Indicator, { kind: "delay" }>,
  { source, since }: { readonly source: TrafficSource; readonly since: bigint },
): Promise<Events[]> {
  const { kind, names } = indicator.operations;
  // Availability looks at all calls, latency at those that did not fail.
  const slow = indicator.kind === "latency" ? firstBucketAbove(indicator.thresholdMs) : undefined;
  const ofNames =
    names === undefined ? "" : `and name in (${names.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ")})`;
  const [good, bad] =
    slow === undefined
      ? ["sum(calls) - sum(errors)", "sum(errors)"]
      : [`sum(calls - errors) filter (bucket < ${slow})`, `sum(calls - errors) filter (bucket >= ${slow})`];
  const rows = await source.ask<{ slot: bigint; good: bigint; bad: bigint }>(
    `select epoch_ns(time) as slot, coalesce(${good}, 0)::bigint as good, coalesce(${bad}, 0)::bigint as bad
     from operation_stats where time >= make_timestamp_ns($since::bigint) and service = $service and kind = $kind
     ${ofNames} group by slot`,
    { since, service, kind },
  );
  const slots = new Map(rows.map((row) => [row.slot, { good: Number(row.good), bad: Number(row.bad) }]));
  for (const { key, slot, bucket, calls, errors } of source.traffic.pendingOperations) {
    const [ofService, name, ofKind] = key;
    if (ofService !== service || ofKind !== kind || slot < since) continue;
    if (names !== undefined && !names.includes(String(name))) continue;
    const into = slots.get(slot) ?? { good: 0, bad: 0 };
    slots.set(slot, into);
    if (slow === undefined) {
      into.good += calls - errors;
      into.bad += errors;
    } else if (bucket >= slow) into.bad += calls - errors;
    else into.good += calls - errors;
  }
  return [...slots].map(([slot, events]) => ({ slot, ...events })).sort((a, b) => (a.slot < b.slot ? -1 : 1));
}

/** Rises of a histogram's buckets from point to point; a fall means that the count began anew. */
async function delayEvents(
  { metric, attributes, thresholdSeconds }: Extract<Indicator, { kind: "delay" }>,
  { ask, traffic }: TrafficSource,
  since: bigint,
): Promise<Events[]> {
  const rows = await ask<{
    series_id: number;
    time_ns: bigint;
    buckets: string;
    bounds: string;
    attributes: string;
  }>(
    `select series_id, epoch_ns(time) as time_ns, buckets, bounds, attributes
     from metric_points join metric_series using (series_id)
     where name = $metric and time >= make_timestamp_ns($since::bigint) and buckets is not null
     order by series_id, time`,
    { metric, since },
  );
  const slots = new Map<bigint, { good: number; bad: number }>();
  const before = new Map<number, readonly number[]>();
  for (const row of rows) {
    const labels = JSON.parse(row.attributes) as Record<string, unknown>;
    if (!Object.entries(attributes).every(([key, value]) => String(labels[key]) === value)) continue;
    const buckets = JSON.parse(row.buckets) as number[];
    const previous = before.get(row.series_id);
    before.set(row.series_id, buckets);
    if (previous === undefined) continue;
    const bounds = JSON.parse(row.bounds) as number[];
    const slot = traffic.slotStart(row.time_ns);
    const into = slots.get(slot) ?? { good: 0, bad: 0 };
    slots.set(slot, into);
    const beganAnew = buckets.some((count, index) => count < (previous[index] ?? 0));
    for (const [index, count] of buckets.entries()) {
      const rise = beganAnew ? count : count - (previous[index] ?? 0);
      const bound = bounds[index];
      if (bound !== undefined && bound <= thresholdSeconds) into.good += rise;
      else into.bad += rise;
    }
  }
  return [...slots].map(([slot, events]) => ({ slot, ...events })).sort((a, b) => (a.slot < b.slot ? -1 : 1));
}
