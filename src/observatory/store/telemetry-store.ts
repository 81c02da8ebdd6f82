import { rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Signal } from "../../platform/telemetry/sink.ts";
import { alertTiming, scaledTiming } from "../objectives/alert-timing.ts";
import type { ObjectiveDefinition } from "../objectives/objective.ts";
import { type SaturationDefinition, scaledSaturation } from "../objectives/saturation.ts";
import { countItems } from "../otlp/count-items.ts";
import type { SystemShape } from "../system-shape.ts";
import { Alerts, type RaisedAlert } from "./alerts.ts";
import type { DiskRoom } from "./disk-room.ts";
import { Drops } from "./drops.ts";
import { Intake } from "./intake.ts";
import { repeatSeconds } from "./metric-intake.ts";
import { ObjectiveKeeper } from "./objective-keeper.ts";
import { type Ask, asking } from "./questions/asking.ts";
import type { TrafficSource } from "./questions/map.ts";
import { ArrivalRate } from "./rate.ts";
import { capsFor, Retention } from "./retention.ts";
import { SaturationKeeper } from "./saturation-keeper.ts";
import { createStatements, type TableName, tables } from "./schema.ts";
import { SqlSession } from "./sql-session.ts";
import { type Cell, TableWriter } from "./table-writer.ts";

export interface StoreOptions {
  /** The database's file; undefined for memory. */
  readonly path: string | undefined;
  /** What DuckDB may use, in MiB. */
  readonly memoryMb: number;
  /** Spans kept; points and records in proportion. */
  readonly maxSpans: number;
  /** How long a person's statement may run. */
  readonly queryTimeoutMs: number;
  readonly shape: SystemShape;
  readonly objectives: readonly ObjectiveDefinition[];
  readonly saturations: readonly SaturationDefinition[];
  /** How many times as fast as usual alerts are raised and cleared: see `OBSERVATORY_TIME_SCALE`. */
  readonly timeScale: number;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Told of a full disk; there is none in memory. */
  readonly room?: DiskRoom;
}

/** What DuckDB says of a write on a disk without room. */
const diskFull = /No space left on device/i;

/**
 * Opens the database; one that is damaged is put aside for a new one.
 *
 * @returns what the operator should know
 */
async function attach(connection: DuckDBConnection, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) {
    await connection.run(`attach ':memory:' as ${catalog} (compress, row_group_size ${rowGroupSize})`);
    return undefined;
  }
  const statement = `attach '${path.replaceAll("'", "''")}' as ${catalog} (row_group_size ${rowGroupSize})`;
  try {
    await connection.run(statement);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/lock/i.test(reason)) throw new Error(`${path} is in use by another process.`, { cause: error });
    if (diskFull.test(reason)) throw new Error(`There is no room on the disk of ${path}: ${reason}`, { cause: error });
    const aside = `${path}.damaged`;
    await rename(path, aside);
    await rm(`${path}.wal`, { force: true });
    await connection.run(statement);
    return `${path} could not be read and was put aside as ${aside}: ${reason}`;
  }
}

/** What became of a request from outside. */
export type Taken =
  | { readonly kind: "taken"; readonly rejected: number; readonly reason: string }
  | { readonly kind: "malformed" };

const catalog = "store";
/** Small, so that dropping the oldest gives back what it took. */
const rowGroupSize = 20_480;
/** Time between two roll-ups being stored. */
const rollupEveryMs = 10_000;

/** Telemetry in DuckDB, and what is counted beside it. */
export class TelemetryStore {
  readonly options: StoreOptions;
  readonly drops: Drops;
  readonly intake: Intake;
  readonly ask: Ask;
  /** What the operator should know of the start. */
  readonly notice: string | undefined;
  readonly sql: SqlSession;
  readonly alerts: Alerts;
  readonly objectives: ObjectiveKeeper;
  readonly #saturations: SaturationKeeper;
  readonly #instance: DuckDBInstance;
  readonly #writing: DuckDBConnection;
  readonly #writers: ReadonlyMap<TableName, TableWriter>;
  readonly #rate = new ArrivalRate();
  readonly #retention: Retention;
  /** Statements that wait for the rows that they change to be written. */
  readonly #changes: string[] = [];
  #tidying: Promise<void> | undefined;
  #rolledUpAt: number;
  #isInvalidated = false;
  #isAbandoned = false;

  private constructor(parts: {
    readonly options: StoreOptions;
    readonly drops: Drops;
    readonly notice: string | undefined;
    readonly instance: DuckDBInstance;
    readonly writing: DuckDBConnection;
    readonly asking: DuckDBConnection;
    readonly reading: DuckDBConnection;
    readonly retention: Retention;
    readonly writers: ReadonlyMap<TableName, TableWriter>;
    readonly firstResourceId: number;
    readonly firstSeriesId: number;
  }) {
    const { options, writers } = parts;
    this.notice = parts.notice;
    this.options = options;
    this.drops = parts.drops;
    this.intake = new Intake({
      write: (table, row) => writers.get(table)?.add(row),
      drops: this.drops,
      now: options.now,
      isDeclared: (name) => options.shape.nodes.has(name),
      firstResourceId: parts.firstResourceId,
      firstSeriesId: parts.firstSeriesId,
      timeScale: options.timeScale,
    });
    this.ask = asking(parts.asking);
    this.sql = new SqlSession(parts.reading, { timeoutMs: options.queryTimeoutMs });
    const { timeScale } = options;
    const timing = scaledTiming(alertTiming, timeScale);
    const source = () => this.trafficSource();
    this.alerts = new Alerts({
      clearAfterSeconds: timing.clearAfterSeconds,
      raised: (row) => this.#write("alerts", row),
      cleared: (alert) => this.#changes.push(clearing(alert)),
    });
    this.objectives = new ObjectiveKeeper({
      objectives: options.objectives.map((each) => ({ ...each, windowSeconds: each.windowSeconds / timeScale })),
      timing,
      source,
      alerts: this.alerts,
    });
    this.#saturations = new SaturationKeeper({
      saturations: options.saturations.map((each) => scaledSaturation(each, timeScale)),
      repeatSeconds: repeatSeconds / timeScale,
      source,
      alerts: this.alerts,
    });
    this.#retention = parts.retention;
    this.#instance = parts.instance;
    this.#writing = parts.writing;
    this.#writers = writers;
    this.#rolledUpAt = options.now();
  }

  /** @param drops what has been counted so far, by a store that this one takes the place of */
  static async open(options: StoreOptions, drops = new Drops()): Promise<TelemetryStore> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${options.memoryMb}MiB`,
      threads: "1",
      // What a large question cannot hold in memory; a database on disk would otherwise have it beside it, and one in
      // memory in the folder that the shop was started in.
      temp_directory: join(tmpdir(), `orrery-observatory-${process.pid}-${threadId}`),
      // Give back to the system at once what is not in use: the shop has to live beside it.
      allocator_flush_threshold: "1MiB",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const writing = await instance.connect();
    const notice = await attach(writing, options.path);
    await writing.run(`use ${catalog}`);
    for (const statement of createStatements()) await writing.run(statement);
    const answering = await instance.connect();
    await answering.run(`use ${catalog}`);
    const reading = await instance.connect();
    await reading.run(`use ${catalog}`);
    await writing.run("set enable_external_access = false");
    await writing.run("set lock_configuration = true");
    const writers = new Map<TableName, TableWriter>();
    for (const table of Object.keys(tables) as TableName[]) {
      writers.set(table, await TableWriter.open(writing, table, catalog));
    }
    const retention = new Retention(writing, capsFor(options.maxSpans));
    await retention.begin();
    const [last] = await asking(writing)<{ resource: number; series: number }>(
      `select (select coalesce(max(resource_id), 0) from resources) as resource,
         (select coalesce(max(series_id), 0) from metric_series) as series`,
    );
    const store = new TelemetryStore({
      options,
      drops,
      notice,
      instance,
      writing,
      asking: answering,
      reading,
      retention,
      writers,
      firstResourceId: (last?.resource ?? 0) + 1,
      firstSeriesId: (last?.series ?? 0) + 1,
    });
    await store.#restore();
    return store;
  }

  /** Takes up what a store on disk tells of the time before a restart. */
  async #restore(): Promise<void> {
    const seen = await this.ask<{ signal: Signal; service: string; count: bigint; last: bigint }>(
      `select 'traces' as signal, service, count(*) as count, epoch_ns(max(start_time)) as last from spans group by service
       union all
       select 'logs', service, count(*), epoch_ns(max(time)) from logs group by service
       union all
       select 'metrics', service, count(*), epoch_ns(max(time)) from metric_points join metric_series using (series_id)
       group by service`,
    );
    for (const { signal, service, count, last } of seen) {
      this.intake.seen[signal].set(service, { count: Number(count), lastNanos: last });
    }
    const starts = await this.ask<{ service: string; version: string | null; settings: string | null }>(
      `select service, arg_max_null(version, time) as version, arg_max_null(settings, time) as settings
       from marks where kind = 'start' group by service`,
    );
    for (const { service, version, settings } of starts) {
      this.intake.marks.restore(service, {
        version: version ?? "",
        settings: settings === null ? undefined : (JSON.parse(settings) as string[]),
      });
    }
    this.alerts.restore(
      await this.ask(
        `select name, service, severity, objective, summary, epoch_ns(since) as since_ns, epoch_ns(until) as until_ns
         from alerts order by since`,
      ),
    );
  }

  /**
   * Whether DuckDB has given the database up, as it does when it cannot tidy its file for want of room. What has been
   * stored is there again when the file is opened anew.
   */
  get isInvalidated(): boolean {
    return this.#isInvalidated;
  }

  accept(signal: Signal, request: Uint8Array): void {
    if (this.#isInvalidated) {
      this.drops.count(signal, "store disk full", countItems(request));
      return;
    }
    const before = this.intake.spanCount;
    this.intake.accept(signal, request);
    this.#rate.add(this.options.now(), this.intake.spanCount - before);
  }

  /** As {@link TelemetryStore.accept}, and tells what became of it. */
  take(signal: Signal, request: Uint8Array): Taken {
    const before = this.drops.total;
    this.accept(signal, request);
    const rejected = this.drops.total - before;
    const reason = this.drops.lastReason;
    if (rejected > 0 && reason === "malformed request") return { kind: "malformed" };
    return { kind: "taken", rejected, reason: rejected === 0 ? "" : (reason ?? "") };
  }

  trafficSource(): TrafficSource {
    return { ask: this.ask, traffic: this.intake.traffic, nowMs: this.options.now() };
  }

  /** Raises and clears alerts by what has come in. */
  async judge(): Promise<void> {
    await this.objectives.evaluate();
    await this.#saturations.evaluate();
  }

  spansPerSecond(): number {
    return this.#rate.perSecond(this.options.now());
  }

  /** Makes what has come in visible to questions, and keeps within bounds. */
  commit(): void {
    // Rows wait with the appenders while old ones are being dropped.
    if (this.#tidying !== undefined || this.#isInvalidated) return;
    if (this.options.now() - this.#rolledUpAt >= rollupEveryMs) this.#rollUp();
    let isMemoryFull = false;
    for (const [table, writer] of this.#writers) {
      const rows = writer.pending;
      try {
        writer.flush();
        this.#retention.added(table, rows);
        if (rows > 0) this.options.room?.written();
      } catch (error) {
        const isDiskFull = this.#failed(error);
        if (!isDiskFull) isMemoryFull = true;
        this.drops.count(signalOf(table), isDiskFull ? "store disk full" : "store out of memory", rows);
      }
    }
    if (this.#isInvalidated) return;
    if (isMemoryFull) this.#tidy(() => this.#retention.relieve());
    else if (this.#changes.length > 0) this.#tidy(() => this.#change());
    else if (this.#retention.isDue) this.#tidy(() => this.#retention.enforce());
  }

  /** Waits until everything that has come in can be asked for. */
  async settle(): Promise<void> {
    while (this.#tidying !== undefined) await this.#tidying;
    this.commit();
    while (this.#tidying !== undefined) await this.#tidying;
  }

  async #change(): Promise<void> {
    for (let sql = this.#changes.shift(); sql !== undefined; sql = this.#changes.shift()) await this.#writing.run(sql);
  }

  /** Takes note of what a write failed with, and tells whether it was for want of room on the disk. */
  #failed(error: unknown): boolean {
    const reason = error instanceof Error ? error.message : String(error);
    if (/has been invalidated/.test(reason)) this.#isInvalidated = true;
    const isDiskFull = diskFull.test(reason);
    if (isDiskFull) this.options.room?.refused();
    return isDiskFull || this.#isInvalidated;
  }

  #tidy(work: () => Promise<void>): void {
    this.#tidying = work()
      .catch((error) => void this.#failed(error))
      .finally(() => {
        this.#tidying = undefined;
      });
  }

  #rollUp(): void {
    this.#rolledUpAt = this.options.now();
    const { traffic } = this.intake;
    for (const { slot, key, bucket, calls, errors } of traffic.pendingEdges) {
      this.#write("edge_stats", [slot, ...key, bucket, calls, errors]);
    }
    for (const { slot, key, bucket, calls, errors } of traffic.pendingOperations) {
      this.#write("operation_stats", [slot, ...key, bucket, calls, errors]);
    }
    traffic.clear();
  }

  #write(table: TableName, row: readonly Cell[]): void {
    this.#writers.get(table)?.add(row);
  }

  /** Lets go of a database that has been given up; its file can be opened again then. */
  async abandon(): Promise<void> {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    await this.#tidying;
    await this.sql.close();
    for (const writer of this.#writers.values()) writer.abandon();
    this.#instance.closeSync();
  }

  async close(): Promise<void> {
    if (this.#isInvalidated) return this.abandon();
    await this.settle();
    this.#rollUp();
    await this.settle();
    await this.sql.close();
    for (const writer of this.#writers.values()) writer.close();
    if (this.options.path !== undefined) await this.#writing.run("checkpoint");
    this.#instance.closeSync();
  }
}

/** The statement that stores when an alert has cleared. */
function clearing({ name, service, sinceNanos, untilNanos }: RaisedAlert & { readonly untilNanos: bigint }): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  return `update alerts set until = make_timestamp_ns(${untilNanos})
    where name = ${text(name)} and service = ${text(service)} and since = make_timestamp_ns(${sinceNanos})`;
}

function signalOf(table: TableName): Signal {
  if (table === "logs" || table === "marks") return "logs";
  return table.startsWith("metric_") ? "metrics" : "traces";
}
