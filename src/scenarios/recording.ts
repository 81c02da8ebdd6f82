import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type Ask, asking } from "../observatory/store/questions/asking.ts";
import { createStatements } from "../observatory/store/schema.ts";
import { ConfigError } from "../platform/config/environment.ts";
import type { Coverage, TableCoverage } from "./coverage.ts";
import { ObservatorySource, type SourceDrop, SourceError } from "./observatory-source.ts";

/** Tables whose rows are numbered by their arrival, with the column that tells when a row was. */
const arriving = {
  spans: "start_time",
  logs: "time",
  metric_points: "time",
  metric_exemplars: "time",
  edge_stats: "time",
  marks: "time",
} as const;
type Arriving = keyof typeof arriving;
/** Tables whose rows have ids that count up. */
const identified = { resources: "resource_id", metric_series: "series_id" } as const;
type Identified = keyof typeof identified;

/** In the recording's folder, until {@link Recording.close}. */
export const workingFolder = ".recording";

const defaultEveryMs = 5_000;
/** Of one download: the Observatory makes them in 64 MiB. */
const pageRows = 10_000;
/**
 * Measurements are fetched from before the beginning: one that repeats the one before it is left out for up to a minute,
 * and a rate needs two.
 */
const measuredBeforeMs = 90_000;
/** How long telemetry of the end may take to arrive: in the mesh, measurements are sent once a minute. */
const lateMs = 75_000;
/** What the working database may use; the rest is on disk. */
const memoryLimit = "256MiB";

export interface RecordingOptions {
  /** The shop's front port. */
  readonly url: string;
  /** From when on telemetry is wanted. */
  readonly from: Date;
  /** Where the recording is to be written; until then, the working files are in there. */
  readonly folder: string;
  /** Milliseconds between two increments; 5 s unless given. */
  readonly everyMs?: number;
}

/**
 * Telemetry of a running shop that is copied while it arrives, so that it does not matter what the Observatory drops
 * later. It is kept in a DuckDB file, not in memory.
 */
export class Recording {
  readonly ask: Ask;
  readonly #source: ObservatorySource;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  readonly #fromMs: number;
  readonly #everyMs: number;
  readonly #cursors = new Map<Arriving | Identified, number>();
  readonly #lost = new Map<Arriving, number>();
  readonly #wholeSince = new Map<Arriving, string>();
  readonly #problems = new Set<string>();
  readonly #stopping = new AbortController();
  #dropsBefore: readonly SourceDrop[] = [];
  #dropsNow: readonly SourceDrop[] = [];
  /** Another store answers than at the beginning: what it has does not go together with what is here. */
  #isCutOff = false;
  #loop: Promise<void> | undefined;
  #polling: Promise<void> = Promise.resolve();

  private constructor(parts: {
    readonly source: ObservatorySource;
    readonly instance: DuckDBInstance;
    readonly connection: DuckDBConnection;
    readonly folder: string;
    readonly options: RecordingOptions;
  }) {
    this.#source = parts.source;
    this.#instance = parts.instance;
    this.#connection = parts.connection;
    this.#folder = parts.folder;
    this.#fromMs = parts.options.from.getTime();
    this.#everyMs = parts.options.everyMs ?? defaultEveryMs;
    this.ask = asking(parts.connection);
  }

  /**
   * Begins a recording; nothing is fetched before {@link Recording.start} or {@link Recording.finish}.
   *
   * @throws ConfigError when no shop with an Observatory answers, or there is something in the folder already
   */
  static async open(options: RecordingOptions): Promise<Recording> {
    const source = new ObservatorySource(options.url);
    await source.drops().catch((cause) => {
      throw new ConfigError(`${options.url}: No shop with its Observatory answers there: ${cause.message}`, { cause });
    });
    await mkdir(options.folder, { recursive: true });
    const found = (await readdir(options.folder)).find((name) => name !== workingFolder);
    if (found !== undefined) throw new ConfigError(`${options.folder} is not empty: ${found} is in it.`);
    const folder = join(options.folder, workingFolder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const instance = await DuckDBInstance.create(join(folder, "recording.duckdb"), {
      memory_limit: memoryLimit,
      threads: "1",
      allocator_flush_threshold: "1MiB",
      temp_directory: join(folder, "spilled"),
      autoinstall_known_extensions: "false",
    });
    const connection = await instance.connect();
    for (const statement of createStatements()) await connection.run(statement);
    const recording = new Recording({ source, instance, connection, folder, options });
    await recording.#findBeginning();
    return recording;
  }

  /** Fetches what has arrived, again and again, until {@link Recording.finish}. */
  start(): void {
    this.#loop ??= this.#repeat();
  }

  /** Fetches the rest: everything until `to`, for which it waits a little more than a minute at most. */
  async finish(to: Date): Promise<Coverage> {
    this.#stopping.abort();
    await this.#loop;
    const until = performance.now() + lateMs;
    while (!(await this.#hasReached(to)) && !this.#isCutOff) {
      if (performance.now() > until) {
        this.#problems.add(`No measurement of ${to.toISOString()} or later has arrived within ${lateMs / 1_000} s.`);
        break;
      }
      await sleep(Math.min(this.#everyMs, 1_000));
    }
    return this.#coverage();
  }

  /** Ends it and removes the working files. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#fetchAll();
      await sleep(this.#everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Where each table is to be read from, and whether what comes before is there at all. */
  async #findBeginning(): Promise<void> {
    this.#dropsBefore = await this.#source.drops();
    for (const [table, time] of Object.entries(arriving) as [Arriving, string][]) {
      const sinceMs = this.#fromMs - (table === "metric_points" ? measuredBeforeMs : 0);
      const since = `make_timestamp_ns(${BigInt(sinceMs) * 1_000_000n})`;
      const first = await this.#source.ask(
        `select coalesce(min(arrival) filter (where ${time} >= ${since}) - 1, max(arrival), 0)::bigint as cursor,
           coalesce(min(arrival), 1)::bigint as oldest_arrival, epoch_ms(min(${time})) as oldest_ms from ${table}`,
      );
      this.#cursors.set(table, Number(first.cursor));
      this.#lost.set(table, 0);
      if (Number(first.oldest_arrival) > 1 && Number(first.oldest_ms) > this.#fromMs) {
        this.#wholeSince.set(table, new Date(Number(first.oldest_ms)).toISOString());
      }
    }
    for (const table of Object.keys(identified) as Identified[]) this.#cursors.set(table, 0);
  }

  /** One increment; the failure of one is made up for by the next. */
  #fetchAll(): Promise<void> {
    this.#polling = this.#polling.then(async () => {
      if (this.#isCutOff) return;
      try {
        await this.#fetchIncrement();
        this.#dropsNow = await this.#source.drops();
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        this.#problems.add(`The Observatory could not be asked at times: ${error.message}`);
      }
    });
    return this.#polling;
  }

  async #fetchIncrement(): Promise<void> {
    const tables = { ...identified, ...arriving };
    const lasts = await this.#source.ask(
      `select ${Object.keys(tables)
        .map((table) => {
          const column = table in identified ? identified[table as Identified] : "arrival";
          return `(select coalesce(max(${column}), 0)::bigint from ${table}) as ${table}`;
        })
        .join(
          ", ",
        )}, (select attributes from resources where resource_id = ${this.#cursors.get("resources")}) as resource`,
    );
    if (await this.#isAnotherStore(lasts)) {
      this.#isCutOff = true;
      this.#problems.add(
        `The Observatory's store was another one at ${new Date().toISOString()}: nothing that came after is in the recording.`,
      );
      return;
    }
    for (const table of Object.keys(identified) as Identified[]) await this.#fetchPages(table, Number(lasts[table]));
    for (const table of Object.keys(arriving) as Arriving[]) await this.#fetchPages(table, Number(lasts[table]));
    // They are changed when they clear, and few.
    await this.#copy("alerts", "select * from alerts", "delete from alerts");
  }

  /** A store that began anew counts from the beginning, and knows others under the same numbers. */
  async #isAnotherStore(lasts: Readonly<Record<string, unknown>>): Promise<boolean> {
    for (const [table, cursor] of this.#cursors) if (Number(lasts[table]) < cursor) return true;
    const [known] = await this.ask<{ attributes: string }>(
      `select attributes from resources where resource_id = ${this.#cursors.get("resources")}`,
    );
    return known !== undefined && known.attributes !== lasts.resource;
  }

  async #fetchPages(table: Arriving | Identified, last: number): Promise<void> {
    const column = table in identified ? identified[table as Identified] : "arrival";
    for (let cursor = this.#cursors.get(table) ?? 0; cursor < last; ) {
      const end = Math.min(cursor + pageRows, last);
      const rows = await this.#copy(
        table,
        `select * from ${table} where ${column} > ${cursor} and ${column} <= ${end}`,
      );
      if (table in arriving) {
        const arrivingTable = table as Arriving;
        this.#lost.set(arrivingTable, (this.#lost.get(arrivingTable) ?? 0) + (end - cursor - rows));
      }
      cursor = end;
      this.#cursors.set(table, cursor);
    }
  }

  async #copy(table: string, sql: string, before?: string): Promise<number> {
    const path = join(this.#folder, "page.parquet");
    await this.#source.download(sql, path);
    if (before !== undefined) await this.#connection.run(before);
    const { rowsChanged } = await this.#connection.run(
      `insert into ${table} by name select * from read_parquet('${path.replaceAll("'", "''")}')`,
    );
    return rowsChanged;
  }

  /** Measurements are sent at one pace by everybody: once there is one of later, the rest has come, too. */
  async #hasReached(to: Date): Promise<boolean> {
    await this.#fetchAll();
    const [row] = await this.ask<{ last: number | bigint | null }>(
      "select epoch_ms(max(time)) as last from metric_points",
    );
    return row !== undefined && row.last !== null && Number(row.last) >= to.getTime();
  }

  async #coverage(): Promise<Coverage> {
    const tables: TableCoverage[] = [];
    for (const table of Object.keys(arriving) as Arriving[]) {
      const [row] = await this.ask<{ rows: bigint }>(`select count(*) as rows from ${table}`);
      const wholeSince = this.#wholeSince.get(table);
      tables.push({
        table,
        rows: Number(row?.rows ?? 0),
        lost: this.#lost.get(table) ?? 0,
        ...(wholeSince === undefined ? {} : { wholeSince }),
      });
    }
    const [sampled] = await this.ask<{ spans: bigint; stand_for: bigint }>(
      "select count(*) as spans, coalesce(sum(stands_for), 0)::bigint as stand_for from spans where stands_for > 1",
    );
    const before = new Map(this.#dropsBefore.map(({ signal, reason, count }) => [`${signal}\n${reason}`, count]));
    return {
      tables,
      dropped: this.#dropsNow
        .map((drop) => ({ ...drop, count: drop.count - (before.get(`${drop.signal}\n${drop.reason}`) ?? 0) }))
        .filter(({ count }) => count > 0),
      sampled: { spans: Number(sampled?.spans ?? 0), standFor: Number(sampled?.stand_for ?? 0) },
      problems: [...this.#problems],
    };
  }
}
