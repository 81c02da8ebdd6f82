import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Signal } from "../../platform/telemetry/sink.ts";
import type { SystemShape } from "../system-shape.ts";
import { Drops } from "./drops.ts";
import { Intake } from "./intake.ts";
import { type Ask, asking } from "./questions/asking.ts";
import { ArrivalRate } from "./rate.ts";
import { capsFor, Retention } from "./retention.ts";
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
  /** Milliseconds of Unix time. */
  readonly now: () => number;
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
  readonly sql: SqlSession;
  readonly #instance: DuckDBInstance;
  readonly #writing: DuckDBConnection;
  readonly #writers: ReadonlyMap<TableName, TableWriter>;
  readonly #rate = new ArrivalRate();
  readonly #retention: Retention;
  #tidying: Promise<void> | undefined;
  #rolledUpAt: number;

  private constructor(parts: {
    readonly options: StoreOptions;
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
    this.options = options;
    this.drops = new Drops();
    this.intake = new Intake({
      write: (table, row) => writers.get(table)?.add(row),
      drops: this.drops,
      now: options.now,
      firstResourceId: parts.firstResourceId,
      firstSeriesId: parts.firstSeriesId,
    });
    this.ask = asking(parts.asking);
    this.sql = new SqlSession(parts.reading, { timeoutMs: options.queryTimeoutMs });
    this.#retention = parts.retention;
    this.#instance = parts.instance;
    this.#writing = parts.writing;
    this.#writers = writers;
    this.#rolledUpAt = options.now();
  }

  static async open(options: StoreOptions): Promise<TelemetryStore> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${options.memoryMb}MiB`,
      threads: "1",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const writing = await instance.connect();
    const where =
      options.path === undefined
        ? "':memory:' as store (compress,"
        : `'${options.path.replaceAll("'", "''")}' as store (`;
    await writing.run(`attach ${where} row_group_size ${rowGroupSize})`);
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
    return new TelemetryStore({
      options,
      instance,
      writing,
      asking: answering,
      reading,
      retention,
      writers,
      firstResourceId: (last?.resource ?? 0) + 1,
      firstSeriesId: (last?.series ?? 0) + 1,
    });
  }

  accept(signal: Signal, request: Uint8Array): void {
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

  spansPerSecond(): number {
    return this.#rate.perSecond(this.options.now());
  }

  /** Makes what has come in visible to questions, and keeps within bounds. */
  commit(): void {
    // Rows wait with the appenders while old ones are being dropped.
    if (this.#tidying !== undefined) return;
    if (this.options.now() - this.#rolledUpAt >= rollupEveryMs) this.#rollUp();
    let isFull = false;
    for (const [table, writer] of this.#writers) {
      const rows = writer.pending;
      try {
        writer.flush();
        this.#retention.added(table, rows);
      } catch {
        isFull = true;
        this.drops.count(signalOf(table), "store out of memory", rows);
      }
    }
    if (isFull) this.#tidy(() => this.#retention.relieve());
    else if (this.#retention.isDue) this.#tidy(() => this.#retention.enforce());
  }

  /** Waits until everything that has come in can be asked for. */
  async settle(): Promise<void> {
    while (this.#tidying !== undefined) await this.#tidying;
    this.commit();
    while (this.#tidying !== undefined) await this.#tidying;
  }

  #tidy(work: () => Promise<void>): void {
    this.#tidying = work()
      .catch(() => undefined)
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

  async close(): Promise<void> {
    await this.settle();
    this.#rollUp();
    await this.settle();
    await this.sql.close();
    for (const writer of this.#writers.values()) writer.close();
    if (this.options.path !== undefined) await this.#writing.run("checkpoint");
    this.#instance.closeSync();
  }
}

function signalOf(table: TableName): Signal {
  if (table === "logs") return "logs";
  return table.startsWith("metric_") ? "metrics" : "traces";
}
