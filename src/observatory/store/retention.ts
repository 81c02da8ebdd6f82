import type { DuckDBConnection } from "@duckdb/node-api";
import type { TableName } from "./schema.ts";

/** What a table may hold; the oldest rows go first. */
interface Cap {
  readonly table: TableName;
  /** The column by which rows age. */
  readonly time: string;
  readonly maxRows: number;
  /** Takes next to no room, so that dropping it would give nothing back. */
  readonly isSmall?: true;
}

/** So much is dropped at once: often enough to stay near the cap, seldom enough to cost little. */
const droppedShare = 0.1;
/** Added rows after which memory or file is tidied. */
const checkpointEveryRows = 20_480;

/** The caps of all tables that grow. */
export function capsFor(maxSpans: number): readonly Cap[] {
  return [
    { table: "spans", time: "start_time", maxRows: maxSpans },
    { table: "logs", time: "time", maxRows: maxSpans },
    { table: "metric_points", time: "time", maxRows: 2 * maxSpans },
    { table: "metric_exemplars", time: "time", maxRows: Math.ceil(maxSpans / 10) },
    { table: "operation_stats", time: "time", maxRows: maxSpans },
    { table: "edge_stats", time: "time", maxRows: maxSpans },
    { table: "marks", time: "time", maxRows: 10_000, isSmall: true },
    { table: "alerts", time: "since", maxRows: 1_000, isSmall: true },
  ];
}

/** Keeps the store within its bounds. */
export class Retention {
  readonly #connection: DuckDBConnection;
  readonly #caps: readonly Cap[];
  readonly #rows = new Map<TableName, number>();
  #sinceCheckpoint = 0;

  constructor(connection: DuckDBConnection, caps: readonly Cap[]) {
    this.#connection = connection;
    this.#caps = caps;
  }

  /** Counts what is there at the start, and forgets whom nothing refers to any more. */
  async begin(): Promise<void> {
    for (const { table } of this.#caps) {
      const reader = await this.#connection.runAndReadAll(`select count(*) from ${table}`);
      this.#rows.set(table, Number(reader.getRows()[0]?.[0] ?? 0));
    }
    await this.#connection.run(
      "delete from metric_series where series_id not in (select distinct series_id from metric_points)",
    );
    await this.#connection.run(
      `delete from resources where resource_id not in
       (select resource_id from spans union select resource_id from logs union select resource_id from metric_series)`,
    );
  }

  added(table: TableName, rows: number): void {
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + rows);
    this.#sinceCheckpoint += rows;
  }

  /** Whether {@link Retention.enforce} has something to do. */
  get isDue(): boolean {
    return this.#sinceCheckpoint >= checkpointEveryRows || this.#caps.some((cap) => this.#isOver(cap));
  }

  async enforce(): Promise<void> {
    let dropped = false;
    for (const cap of this.#caps) {
      if (!this.#isOver(cap)) continue;
      await this.#drop(cap, (this.#rows.get(cap.table) ?? 0) - cap.maxRows * (1 - droppedShare));
      dropped = true;
    }
    if (dropped || this.#sinceCheckpoint >= checkpointEveryRows) {
      this.#sinceCheckpoint = 0;
      await this.#checkpoint();
    }
  }

  /** Drops a share of all that takes room, when memory does not suffice. */
  async relieve(): Promise<void> {
    const large = this.#caps.filter(({ isSmall }) => !isSmall);
    for (const cap of large) await this.#drop(cap, (this.#rows.get(cap.table) ?? 0) * 2 * droppedShare);
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    try {
      await this.#connection.run("checkpoint");
    } catch (error) {
      // Refused while others are in the middle of something: then the next time.
      if (!/Cannot CHECKPOINT/i.test(String(error))) throw error;
    }
  }

  #isOver({ table, maxRows }: Cap): boolean {
    return (this.#rows.get(table) ?? 0) > maxRows;
  }

  async #drop({ table, time }: Cap, rows: number): Promise<void> {
    const count = this.#rows.get(table) ?? 0;
    if (rows < 1 || count === 0) return;
    const result = await this.#connection.run(
      `delete from ${table} where ${time} <= (select quantile_disc(${time}, ${Math.min(1, rows / count)}) from ${table})`,
    );
    this.#rows.set(table, count - result.rowsChanged);
  }
}
