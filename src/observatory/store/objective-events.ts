import type { Events } from "../objectives/error-budget.ts";
import type { Indicator, ObjectiveDefinition } from "../objectives/objective.ts";
import { firstBucketAbove } from "./latency-buckets.ts";
import type { TrafficSource } from "./questions/map.ts";

/** A point is found this long, in nanoseconds, before one that counts on from it. */
const lookBackNanos = 75_000_000_000n;

/** Good and bad events of an objective since a time, by slots of the roll-ups, oldest first. */
export function objectiveEvents(
  { service, indicator }: ObjectiveDefinition,
  source: TrafficSource,
  since: bigint,
): Promise<Events[]> {
  switch (indicator.kind) {
    case "delay":
      return delayEvents(service, indicator, { source, since });
    case "outcomes":
      return outcomeEvents(service, indicator, { source, since });
    default:
      return source.traffic.consistently(() => spanEvents(service, indicator, { source, since }));
  }
}

async function spanEvents(
  service: string,
  indicator: Extract<Indicator, { kind: "availability" | "latency" }>,
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
  const counted = new Counted(source.traffic);
  for (const { slot, good: some, bad: others } of rows) {
    counted.add(slot, true, Number(some));
    counted.add(slot, false, Number(others));
  }
  for (const { key, slot, bucket, calls, errors } of source.traffic.pendingOperations) {
    const [ofService, name, ofKind] = key;
    if (ofService !== service || ofKind !== kind || slot < since) continue;
    if (names !== undefined && !names.includes(String(name))) continue;
    if (slow === undefined) counted.add(slot, false, errors);
    counted.add(slot, slow === undefined || bucket < slow, calls - errors);
  }
  return counted.events();
}

/** Rises of a histogram's buckets from point to point; a fall means that the count began anew. */
async function delayEvents(
  service: string,
  { metric, attributes, thresholdSeconds }: Extract<Indicator, { kind: "delay" }>,
  { source: { ask, traffic }, since }: { readonly source: TrafficSource; readonly since: bigint },
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
     where name = $metric and service = $service and time >= make_timestamp_ns($since::bigint) and buckets is not null
     order by series_id, time`,
    { metric, service, since: since - lookBackNanos },
  );
  const counted = new Counted(traffic);
  const before = new Map<number, readonly number[]>();
  for (const row of rows) {
    const labels = JSON.parse(row.attributes) as Record<string, unknown>;
    if (!Object.entries(attributes).every(([key, value]) => String(labels[key]) === value)) continue;
    const buckets = JSON.parse(row.buckets) as number[];
    const previous = before.get(row.series_id);
    before.set(row.series_id, buckets);
    if (previous === undefined) continue;
    const bounds = JSON.parse(row.bounds) as number[];
    const beganAnew = buckets.some((count, index) => count < (previous[index] ?? 0));
    for (const [index, count] of buckets.entries()) {
      const bound = bounds[index];
      const isGood = bound !== undefined && bound <= thresholdSeconds;
      counted.add(row.time_ns, isGood, beganAnew ? count : count - (previous[index] ?? 0));
    }
  }
  return counted.events().filter(({ slot }) => slot >= since);
}

/** Rises of two counters. */
async function outcomeEvents(
  service: string,
  { good, bad }: Extract<Indicator, { kind: "outcomes" }>,
  { source: { ask, traffic }, since }: { readonly source: TrafficSource; readonly since: bigint },
): Promise<Events[]> {
  const rows = await ask<{ series_id: number; name: string; time_ns: bigint; value: number }>(
    `select series_id, name, epoch_ns(time) as time_ns, value
     from metric_points join metric_series using (series_id)
     where name in ($good, $bad) and service = $service and time >= make_timestamp_ns($since::bigint)
     order by series_id, time`,
    { good, bad, service, since: since - lookBackNanos },
  );
  const counted = new Counted(traffic);
  const before = new Map<number, number>();
  for (const { series_id: id, name, time_ns: time, value } of rows) {
    const previous = before.get(id);
    before.set(id, value);
    if (previous !== undefined) counted.add(time, name === good, value < previous ? value : value - previous);
  }
  return counted.events().filter(({ slot }) => slot >= since);
}

/** Good and bad events by slot. */
class Counted {
  readonly #traffic: TrafficSource["traffic"];
  readonly #slots = new Map<bigint, { good: number; bad: number }>();

  constructor(traffic: TrafficSource["traffic"]) {
    this.#traffic = traffic;
  }

  add(timeNanos: bigint, isGood: boolean, count: number): void {
    if (count === 0) return;
    const slot = this.#traffic.slotStart(timeNanos);
    const into = this.#slots.get(slot) ?? { good: 0, bad: 0 };
    this.#slots.set(slot, into);
    into[isGood ? "good" : "bad"] += count;
  }

  events(): Events[] {
    return [...this.#slots].map(([slot, events]) => ({ slot, ...events })).sort((a, b) => (a.slot < b.slot ? -1 : 1));
  }
}
