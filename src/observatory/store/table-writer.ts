import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampNanosecondsValue } from "@duckdb/node-api";
import { type ColumnSchema, type TableName, tables } from "./schema.ts";

/** What a cell takes: nanoseconds of Unix time for times. */
export type Cell = string | number | bigint | boolean | null;

/** Adds rows to one table; they are seen by others after {@link TableWriter.flush}. */
export class TableWriter {
  readonly #appender: DuckDBAppender;
  readonly #append: ((value: Cell) => void)[];
  #pending = 0;

  private constructor(appender: DuckDBAppender, columns: readonly ColumnSchema[]) {
    this.#appender = appender;
    this.#append = columns.map(({ type }) => appendCell(appender, type));
  }

  static async open(connection: DuckDBConnection, table: TableName, catalog: string): Promise<TableWriter> {
    return new TableWriter(await connection.createAppender(table, null, catalog), tables[table].columns);
  }

  /** Rows that nobody sees yet. */
  get pending(): number {
    return this.#pending;
  }

  add(row: readonly Cell[]): void {
    const append = this.#append;
    try {
      for (let index = 0; index < append.length; index++) append[index]?.(row[index] ?? null);
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
