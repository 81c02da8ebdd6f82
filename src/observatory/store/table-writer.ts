import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampNanosecondsValue } from "@duckdb/node-api";
import { type ColumnSchema, type TableName, tables } from "./schema.ts";

/** What a cell takes: nanoseconds of Unix time for times. */
export type Cell = string | number | bigint | boolean | null;

/** Adds rows to one table; they are seen by others after {@link TableWriter.flush}. */
export class TableWriter {
  readonly #appender: DuckDBAppender;
  readonly #append: ((value: Cell) => void)[];
  /** The number of the last row, in a table whose rows are numbered. */
  #arrival: bigint | undefined;
  #pending = 0;

  private constructor(appender: DuckDBAppender, columns: readonly ColumnSchema[], arrival: bigint | undefined) {
    this.#appender = appender;
    this.#append = columns.filter(({ name }) => name !== "arrival").map(({ type }) => appendCell(appender, type));
    this.#arrival = arrival;
  }

  static async open(connection: DuckDBConnection, table: TableName, catalog: string): Promise<TableWriter> {
    const { columns } = tables[table];
    return new TableWriter(
      await connection.createAppender(table, null, catalog),
      columns,
      columns.some(({ name }) => name === "arrival") ? await lastArrival(connection, table) : undefined,
    );
  }

  /** Rows that nobody sees yet. */
  get pending(): number {
    return this.#pending;
  }

  add(row: readonly Cell[]): void {
    const append = this.#append;
    try {
      for (let index = 0; index < append.length; index++) append[index]?.(row[index] ?? null);
      if (this.#arrival !== undefined) this.#appender.appendUBigInt(++this.#arrival);
      this.#appender.endRow();
    } catch (error) {
      // Half a row would spoil all that follow.
      this.#appender.clear();
      this.#pending = 0;
      throw error;
    }
    this.#pending++;
  }

  /** Makes the rows visible; what cannot be written is lost. */
  flush(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    try {
      this.#appender.flushSync();
    } catch (error) {
      this.#appender.clear();
      throw error;
    }
  }

  close(): void {
    this.#appender.closeSync();
  }

  /** Closes what can no longer be written; what waits is lost. */
  abandon(): void {
    try {
      this.#appender.clear();
      this.#appender.closeSync();
    } catch {
      // It says once more that the database is gone.
    }
  }
}

async function lastArrival(connection: DuckDBConnection, table: TableName): Promise<bigint> {
  const reader = await connection.runAndReadAll(`select coalesce(max(arrival), 0) from ${table}`);
  return BigInt(String(reader.getRows()[0]?.[0] ?? 0));
}

function appendCell(appender: DuckDBAppender, type: ColumnSchema["type"]): (value: Cell) => void {
  const write = (append: (value: never) => void) => (value: Cell) => {
    if (value === null) appender.appendNull();
    else append.call(appender, value as never);
  };
  switch (type) {
    case "VARCHAR":
      return write(appender.appendVarchar);
    case "TIMESTAMP_NS":
      return (value) => {
        if (value === null) appender.appendNull();
        else appender.appendTimestampNanoseconds(new DuckDBTimestampNanosecondsValue(value as bigint));
      };
    case "BIGINT":
      return write(appender.appendBigInt);
    case "UBIGINT":
      return write(appender.appendUBigInt);
    case "UINTEGER":
      return write(appender.appendUInteger);
    case "UTINYINT":
      return write(appender.appendUTinyInt);
    case "BOOLEAN":
      return write(appender.appendBoolean);
    case "DOUBLE":
      return write(appender.appendDouble);
  }
}
