import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Aggregation,
  type ListMetricsResponseSchema,
  MetricType,
  type QueryMetricRequest,
  type QueryMetricResponseSchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type Ask, boundsOf, parseObject, timestamp } from "./asking.ts";

const defaultWindowSeconds = 900;
/** Shorter steps than the time between two exports would show nothing but its rhythm. */
const shortestDefaultStep = 10;
const maxSteps = 2_000;
const maxSeriesShown = 100;
/** Of all series together: a message holds 4 MiB. */
const maxPointsShown = 120_000;
const maxExemplarsShown = 200;
/** How long a value counts as current; exporters and the store repeat it within that time. */
const lookbackNanos = 300_000_000_000n;

const types: Readonly<Record<string, MetricType>> = {
  counter: MetricType.COUNTER,
  up_down_counter: MetricType.UP_DOWN_COUNTER,
  gauge: MetricType.GAUGE,
  histogram: MetricType.HISTOGRAM,
};

/** The metrics that were seen. */
export async function listMetrics(
  service: string,
  ask: Ask,
): Promise<MessageInitShape<typeof ListMetricsResponseSchema>> {
  const rows = await ask<{
    name: string;
    description: string;
    unit: string;
    type: string;
    services: string;
    keys: string | null;
  }>(
    `select name, any_value(description) as description, any_value(unit) as unit, any_value(type) as type,
       string_agg(distinct service, chr(10) order by service) as services,
       string_agg(distinct keys, chr(10)) as keys
     from (select *, array_to_string(json_keys(attributes), chr(10)) as keys from metric_series
           where $service = '' or service = $service)
     group by name order by name`,
    { service },
  );
  return {
    metrics: rows.map(({ name, description, unit, type, services, keys }) => ({
      name,
      description,
      unit,
      type: types[type] ?? MetricType.UNSPECIFIED,
      services: services.split("\n"),
      attributeKeys: [...new Set((keys ?? "").split("\n"))].filter((key) => key !== "").sort(),
    })),
  };
}

export type MetricQuery = Omit<QueryMetricRequest, "$typeName" | "$unknown">;

interface SeriesRow {
  readonly series_id: number;
  readonly service: string;
  readonly type: string;
  readonly attributes: string;
  readonly bounds: string | null;
}

interface PointRow {
  readonly series_id: number;
  readonly slot: number;
  readonly value: number;
  readonly count: bigint | null;
  readonly buckets: string | null;
  /** The first point of the slot, as the others are the last. */
  readonly first_value: number;
  readonly first_count: bigint | null;
  readonly first_buckets: string | null;
}

interface Value {
  readonly value: number;
  readonly count: number;
  readonly buckets: readonly number[];
}

interface Group {
  readonly labels: Record<string, string>;
  readonly seriesIds: Set<number>;
  readonly bounds: readonly number[];
  /** By step: what its series add to it. */
  readonly steps: Contribution[];
}

interface Contribution {
  /** How many series had something to tell. */
  series: number;
  /** Current values, or what was added in this step. */
  sum: number;
  count: number;
  buckets: number[];
}

/**
 * A metric over time.
 *
 * At the end of each step a series has the value that it told last. Of what only rises, a step shows by how much, and a
 * fall means that the count began anew.
 *
 * @returns undefined when no such metric was seen
 */
export async function queryMetric(
  query: MetricQuery,
  { ask, nowMs }: { readonly ask: Ask; readonly nowMs: number },
): Promise<MessageInitShape<typeof QueryMetricResponseSchema> | undefined> {
  const range = boundsOf(query.range, { nowMs, windowSeconds: defaultWindowSeconds });
  const nowNanos = BigInt(nowMs) * 1_000_000n;
  const end = query.range?.end === undefined ? nowNanos : range.end;
  const start = query.range?.start === undefined ? end - BigInt(defaultWindowSeconds) * 1_000_000_000n : range.start;
  if (end <= start) return { series: [], isTruncated: false };
  const seconds = Number(end - start) / 1e9;
  const asked = query.stepSeconds || Math.max(shortestDefaultStep, Math.round(seconds / 100));
  const stepSeconds = Math.max(asked, Math.ceil(seconds / maxSteps), 1);
  const step = BigInt(stepSeconds) * 1_000_000_000n;
  const steps = Number((end - start + step - 1n) / step);

  const all = await ask<SeriesRow>(
    `select series_id, service, type, attributes, bounds from metric_series
     where name = $name and ($service = '' or service = $service)`,
    { name: query.name, service: query.service },
  );
  const [anyOne] = all;
  if (anyOne === undefined) return undefined;
  const aggregation = query.aggregation || defaultAggregation(anyOne.type);
  const wanted = Object.entries(query.attributes);
  const groups = new Map<string, Group>();
  const groupOf = new Map<number, { readonly group: Group; readonly type: string }>();
  for (const row of all) {
    const attributes = parseObject(row.attributes) as Record<string, unknown>;
    if (!wanted.every(([key, value]) => key in attributes && String(attributes[key]) === value)) continue;
    const labels: Record<string, string> = {};
    for (const key of query.groupBy) labels[key] = key === "service.name" ? row.service : String(attributes[key] ?? "");
    const id = JSON.stringify(labels);
    let group = groups.get(id);
    if (group === undefined) {
      const bounds = row.bounds === null ? [] : (JSON.parse(row.bounds) as number[]);
      group = { labels, seriesIds: new Set(), bounds, steps: [] };
      for (let index = 0; index < steps; index++) group.steps.push({ series: 0, sum: 0, count: 0, buckets: [] });
      groups.set(id, group);
    }
    // Counts of other buckets cannot be added.
    if (row.bounds !== null && JSON.stringify(group.bounds) !== row.bounds) continue;
    group.seriesIds.add(row.series_id);
    groupOf.set(row.series_id, { group, type: row.type });
  }
  if (groupOf.size === 0) return { series: [], isTruncated: false };

  const ids = [...groupOf.keys()].join(",");
  const points = await ask<PointRow>(
    `select series_id, greatest((epoch_ns(time) - $start::bigint) // $step::bigint, -1)::integer as slot,
       arg_max(value, time) as value, arg_max(count, time) as count, arg_max(buckets, time) as buckets,
       arg_min(value, time) as first_value, arg_min(count, time) as first_count, arg_min(buckets, time) as first_buckets
     from metric_points
     where series_id in (${ids}) and time >= make_timestamp_ns($from::bigint) and time < make_timestamp_ns($end::bigint)
     group by all order by series_id, slot`,
    { start, step, end, from: start - lookbackNanos },
  );
  const lookbackSteps = Math.max(1, Math.ceil(Number(lookbackNanos / step)));
  for (const [seriesId, rows] of Map.groupBy(points, (row) => row.series_id)) {
    const member = groupOf.get(seriesId);
    if (member !== undefined) addSeries(member.group, rows, { rises: rises(member.type, aggregation), lookbackSteps });
  }

  const ranked = [...groups.values()]
    .map((group) => ({ group, weight: group.steps.reduce((sum, one) => sum + Math.abs(one.sum) + one.count, 0) }))
    .sort((a, b) => b.weight - a.weight);
  const shown = ranked.slice(0, Math.min(maxSeriesShown, Math.ceil(maxPointsShown / steps))).map(({ group }) => group);
  const exemplars = await ask<{
    series_id: number;
    time_ns: bigint;
    value: number;
    trace_id: string;
    span_id: string;
  }>(
    `select series_id, epoch_ns(time) as time_ns, value, trace_id, span_id from metric_exemplars
     where series_id in (${ids}) and time >= make_timestamp_ns($start::bigint) and time < make_timestamp_ns($end::bigint)
     order by time desc limit ${maxExemplarsShown}`,
    { start, end },
  );
  return {
    series: shown.map((group) => ({
      labels: group.labels,
      points: group.steps.flatMap((one, index) => {
        const value = stepValue(one, { aggregation, stepSeconds, type: anyOne.type, bounds: group.bounds });
        return value === undefined ? [] : [{ time: timestamp(start + BigInt(index + 1) * step), value }];
      }),
      exemplars: exemplars
        .filter(({ series_id }) => group.seriesIds.has(series_id))
        .map((exemplar) => ({
          time: timestamp(exemplar.time_ns),
          value: exemplar.value,
          traceId: exemplar.trace_id,
          spanId: exemplar.span_id,
        })),
    })),
    isTruncated: ranked.length > shown.length,
  };
}

function defaultAggregation(type: string): Aggregation {
  return type === "counter" || type === "histogram" ? Aggregation.RATE : Aggregation.SUM;
}

/** Whether it is asked by how much something rose, rather than where it stands. */
function rises(type: string, aggregation: Aggregation): boolean {
  return (type === "counter" || type === "histogram") && aggregation !== Aggregation.LAST;
}

function addSeries(
  group: Group,
  rows: readonly PointRow[],
  options: { readonly rises: boolean; readonly lookbackSteps: number },
): void {
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  let last: Value | undefined;
  let lastSlot = Number.NEGATIVE_INFINITY;
  for (let slot = -1; slot < group.steps.length; slot++) {
    const row = bySlot.get(slot);
    let previous = slot - lastSlot <= options.lookbackSteps ? last : undefined;
    if (row !== undefined) {
      // A series that begins here, from nothing, tells by its first point what came before.
      previous ??= value(row.first_value, row.first_count, row.first_buckets);
      last = value(row.value, row.count, row.buckets);
      lastSlot = slot;
    }
    const into = group.steps[slot];
    if (into === undefined) continue;
    const current = row === undefined ? previous : last;
    if (current === undefined) continue;
    if (!options.rises) {
      into.series++;
      into.sum += current.value;
      into.count += current.count;
    } else if (previous !== undefined) {
      into.series++;
      const began = current.count < previous.count || (current.count === 0 && current.value < previous.value);
      into.sum += began ? current.value : current.value - previous.value;
      into.count += began ? current.count : current.count - previous.count;
      for (const [index, bucket] of current.buckets.entries()) {
        into.buckets[index] = (into.buckets[index] ?? 0) + bucket - (began ? 0 : (previous.buckets[index] ?? 0));
      }
    }
  }
}

function value(sum: number, count: bigint | null, buckets: string | null): Value {
  return { value: sum, count: Number(count ?? 0n), buckets: buckets === null ? [] : (JSON.parse(buckets) as number[]) };
}

function stepValue(
  step: Contribution,
  options: {
    readonly aggregation: Aggregation;
    readonly stepSeconds: number;
    readonly type: string;
    readonly bounds: readonly number[];
  },
): number | undefined {
  if (step.series === 0) return undefined;
  const isHistogram = options.type === "histogram";
  switch (options.aggregation) {
    case Aggregation.RATE:
      return (isHistogram ? step.count : step.sum) / options.stepSeconds;
    case Aggregation.AVERAGE:
      if (isHistogram) return step.count === 0 ? undefined : step.sum / step.count;
      return step.sum / step.series;
    case Aggregation.P50:
      return quantile(step.buckets, options.bounds, 0.5);
    case Aggregation.P95:
      return quantile(step.buckets, options.bounds, 0.95);
    case Aggregation.P99:
      return quantile(step.buckets, options.bounds, 0.99);
    default:
      return step.sum;
  }
}

/** Interpolated within its bucket, as Prometheus' histogram_quantile does; the last bucket has no end and counts as its beginning. */
function quantile(buckets: readonly number[], bounds: readonly number[], share: number): number | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total <= 0 || bounds.length === 0) return undefined;
  const wanted = share * total;
  let before = 0;
  for (const [index, count] of buckets.entries()) {
    if (count > 0 && before + count >= wanted) {
      const low = index === 0 ? Math.min(0, bounds[0] ?? 0) : (bounds[index - 1] ?? 0);
      const high = bounds[index];
      return high === undefined ? low : low + (high - low) * ((wanted - before) / count);
    }
    before += count;
  }
  return bounds.at(-1);
}
