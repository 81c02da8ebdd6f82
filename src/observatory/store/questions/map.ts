import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type GetMapRequest,
  type GetMapResponseSchema,
  type GoldenSchema,
  NodeKind,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { SystemShape } from "../../system-shape.ts";
import { LatencyCounts } from "../latency-buckets.ts";
import type { PendingRow, Traffic } from "../traffic.ts";
import { type Ask, boundsOf, type NanosRange } from "./asking.ts";

export interface TrafficSource {
  readonly ask: Ask;
  readonly traffic: Traffic;
  readonly nowMs: number;
}

export type MapQuestion = Pick<GetMapRequest, "windowSeconds" | "range">;

interface StatsRow {
  readonly bucket: number;
  readonly calls: bigint;
  readonly errors: bigint;
}

/** The services and stores, and what flowed between them in a range of time, or in the last `windowSeconds`. */
export async function getMap(
  request: MapQuestion,
  source: TrafficSource & { readonly shape: SystemShape; readonly seen: Iterable<string> },
): Promise<MessageInitShape<typeof GetMapResponseSchema>> {
  const { range, seconds } = stretchOf(request, source);
  const [edges, nodes] = await source.traffic.consistently(async () => [
    await edgeCounts(source, range),
    await entryCounts(source, range),
  ]);
  const { shape } = source;

  // Who sends no spans and is not declared, such as the process itself, has no place between the others.
  const names = new Set([...shape.nodes.keys(), ...nodes.keys()]);
  for (const key of [...edges.keys(), ...shape.edges]) for (const name of key.split("\n")) names.add(name);
  const seen = new Set([...source.seen, ...nodes.keys()]);
  for (const key of edges.keys()) for (const name of key.split("\n")) seen.add(name);

  return {
    nodes: [...names].sort().map((name) => {
      const counts = nodes.get(name) ?? incoming(edges, name);
      return {
        name,
        kind: kindOf(name),
        criticality: shape.nodes.get(name)?.criticality ?? "",
        golden: golden(counts, seconds),
        isSeen: seen.has(name),
      };
    }),
    edges: [...new Set([...edges.keys(), ...shape.edges])].sort().map((key) => {
      const [from = "", to = ""] = key.split("\n");
      return {
        from,
        to,
        golden: golden(edges.get(key) ?? new LatencyCounts(), seconds),
        isDeclared: shape.edges.has(key),
      };
    }),
  };
}

function kindOf(name: string): NodeKind {
  if (name.startsWith("topic/")) return NodeKind.TOPIC;
  if (name.includes("/")) return NodeKind.DATABASE;
  if (name === "frontend-web") return NodeKind.BROWSER;
  if (name === "frontend-proxy") return NodeKind.PROXY;
  return NodeKind.SERVICE;
}

async function edgeCounts(source: TrafficSource, range: NanosRange): Promise<Map<string, LatencyCounts>> {
  const { start, end } = range;
  const stored = await source.ask<StatsRow & { source: string; target: string }>(
    `select source, target, bucket, sum(calls)::bigint as calls, sum(errors)::bigint as errors from edge_stats
     where time >= make_timestamp_ns($start::bigint) and time < make_timestamp_ns($end::bigint) group by source, target, bucket`,
    { start, end },
  );
  const counts = new Map<string, LatencyCounts>();
  for (const row of stored) add(counts, `${row.source}\n${row.target}`, row);
  for (const row of source.traffic.pendingEdges)
    if (row.slot >= start && row.slot < end) add(counts, row.key.join("\n"), row);
  return counts;
}

async function entryCounts(source: TrafficSource, range: NanosRange): Promise<Map<string, LatencyCounts>> {
  const { start, end } = range;
  const stored = await source.ask<StatsRow & { service: string }>(
    `select service, bucket, sum(calls)::bigint as calls, sum(errors)::bigint as errors from operation_stats
     where time >= make_timestamp_ns($start::bigint) and time < make_timestamp_ns($end::bigint) and is_entry group by service, bucket`,
    { start, end },
  );
  const counts = new Map<string, LatencyCounts>();
  for (const row of stored) add(counts, row.service, row);
  for (const row of source.traffic.pendingOperations) {
    const [service, , , isEntry] = row.key;
    if (row.slot >= start && row.slot < end && isEntry === true) add(counts, String(service), row);
  }
  return counts;
}

/** What is asked for, from the start of a slot on, and how many seconds its rates are of. */
function stretchOf(
  { range, windowSeconds }: MapQuestion,
  source: TrafficSource,
): { readonly range: NanosRange; readonly seconds: number } {
  const window = windowSeconds || 60;
  if (range === undefined) {
    const { end } = boundsOf(undefined, { nowMs: source.nowMs, windowSeconds: window });
    return { range: { start: windowStart(source, window), end }, seconds: window };
  }
  const { start, end } = boundsOf(range, { nowMs: source.nowMs, windowSeconds: window });
  const nowNanos = BigInt(source.nowMs) * 1_000_000n;
  const seconds = Math.max(1, Number((end < nowNanos ? end : nowNanos) - start) / 1e9);
  return { range: { start: source.traffic.slotStart(start), end }, seconds };
}

/** Slots that lie in the window, the one at its beginning included. */
export function windowStart({ traffic, nowMs }: TrafficSource, windowSeconds: number): bigint {
  return traffic.slotStart(BigInt(Math.round(nowMs - windowSeconds * 1_000)) * 1_000_000n);
}

function add(counts: Map<string, LatencyCounts>, key: string, row: StatsRow | PendingRow): void {
  let counted = counts.get(key);
  if (counted === undefined) {
    counted = new LatencyCounts();
    counts.set(key, counted);
  }
  counted.add(row.bucket, Number(row.calls), Number(row.errors));
}

/** Stores and topics send nothing themselves: what they do is seen by those who call them. */
function incoming(edges: ReadonlyMap<string, LatencyCounts>, name: string): LatencyCounts {
  const sum = new LatencyCounts();
  for (const [key, counts] of edges) if (key.endsWith(`\n${name}`)) sum.addAll(counts);
  return sum;
}

export function golden(counts: LatencyCounts, windowSeconds: number): MessageInitShape<typeof GoldenSchema> {
  return {
    calls: BigInt(counts.calls),
    errors: BigInt(counts.errors),
    callsPerSecond: counts.calls / windowSeconds,
    p50Ms: counts.quantile(0.5),
    p95Ms: counts.quantile(0.95),
    p99Ms: counts.quantile(0.99),
  };
}
