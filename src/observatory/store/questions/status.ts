import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DroppedSchema,
  GetStatusResponseSchema,
  StoreStatusSchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { metric } from "../../../../gen/telemetry/registry.ts";
import type { Seen } from "../intake.ts";
import type { TelemetryStore } from "../telemetry-store.ts";
import { timestamp } from "./asking.ts";

const spansProcessed = metric.otelSdkProcessorSpanProcessed.name;
const logsProcessed = metric.otelSdkProcessorLogProcessed.name;

/** Which service has sent what, what was dropped, and how full the store is. */
export async function getStatus(store: TelemetryStore): Promise<MessageInitShape<typeof GetStatusResponseSchema>> {
  const { seen } = store.intake;
  const services = [...new Set(Object.values(seen).flatMap((signal) => [...signal.keys()]))].sort();
  return {
    services: services.map((service) => ({
      service,
      ...signalOf("traces", seen.traces.get(service)),
      ...signalOf("metrics", seen.metrics.get(service)),
      ...signalOf("logs", seen.logs.get(service)),
    })),
    dropped: [
      ...store.drops.all().map((drop) => ({ ...drop, count: BigInt(drop.count) })),
      ...(await lostOnTheWay(store)),
    ],
    store: await storeStatus(store),
  };
}

/** What services could not hand on, as their OpenTelemetry SDK counts it. */
async function lostOnTheWay({ ask }: TelemetryStore): Promise<MessageInitShape<typeof DroppedSchema>[]> {
  const rows = await ask<{ name: string; error: string; count: bigint }>(
    `select name, error, sum(count)::bigint as count from (
       select name, regexp_extract(attributes, '"error.type":"([^"]*)"', 1) as error, max(value) as count
       from metric_series join metric_points using (series_id)
       where name in ('${spansProcessed}', '${logsProcessed}') group by series_id, name, attributes)
     where error != '' group by name, error order by name, error`,
  );
  return rows.map(({ name, error, count }) => ({
    signal: name === spansProcessed ? "traces" : "logs",
    reason: `lost on the way to an exporter: ${error}`,
    count,
  }));
}

function signalOf<K extends "traces" | "metrics" | "logs">(name: K, seen: Seen | undefined) {
  if (seen === undefined) return {};
  return { [name]: { count: BigInt(seen.count), last: timestamp(seen.lastNanos) } };
}

export async function storeStatus(store: TelemetryStore): Promise<MessageInitShape<typeof StoreStatusSchema>> {
  const [row] = await store.ask<{
    spans: bigint;
    points: bigint;
    records: bigint;
    memory: bigint;
    oldest: bigint | null;
  }>(
    `select (select count(*) from spans) as spans,
       (select count(*) from metric_points) as points,
       (select count(*) from logs) as records,
       (select sum(memory_usage_bytes)::bigint from duckdb_memory()) as memory,
       (select epoch_ns(min(start_time)) from spans) as oldest`,
  );
  const { options } = store;
  return {
    spans: row?.spans ?? 0n,
    points: row?.points ?? 0n,
    records: row?.records ?? 0n,
    memoryBytes: row?.memory ?? 0n,
    memoryLimitBytes: BigInt(options.memoryMb) * 1_048_576n,
    path: options.path ?? "",
    spansPerSecond: store.spansPerSecond(),
    ...(typeof row?.oldest === "bigint" ? { oldest: timestamp(row.oldest) } : {}),
  };
}
