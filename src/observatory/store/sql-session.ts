import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue, MessageInitShape } from "@bufbuild/protobuf";
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBResult,
  JsonDuckDBValueConverter,
  StatementType,
} from "@duckdb/node-api";
import type { RunQueryResponseSchema } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { Refusal } from "./refusal.ts";
import { unboundedFunction } from "./unbounded-functions.ts";

const maxWaiting = 8;
const exportTimeoutMs = 60_000;
const defaultRows = 1_000;
const maxExportRows = 2_000_000;
/** Of one answer: a message holds 4 MiB. */
const maxAnswerBytes = 3 * 1024 * 1024;
const maxCellLength = 64 * 1024;
const exportMemory = "64MiB";

export type ExportFormat = "csv" | "parquet";

/**
 * Runs statements of people whom the store does not trust, one after another: a single SELECT each, in a transaction
 * that may only read, on a database that may reach neither files nor the network, for a bounded time.
 */
export class SqlSession {
  readonly #connection: DuckDBConnection;
  readonly #timeoutMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #exportFolder: string | undefined;
  #exports = 0;

  constructor(connection: DuckDBConnection, options: { readonly timeoutMs: number }) {
    this.#connection = connection;
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Rows as JSON; 64-bit numbers as numbers as long as they are exact.
   *
   * @throws Refusal that names what is wrong with the statement
   */
  run(sql: string, maxRows: number): Promise<MessageInitShape<typeof RunQueryResponseSchema>> {
    const begun = performance.now();
    return this.#select(sql, this.#timeoutMs, async (result) => {
      const limit = maxRows || defaultRows;
      const types = result.columnTypes().map(String);
      const rows: { values: JsonValue[] }[] = [];
      let bytes = 0;
      let isTruncated = false;
      for await (const chunk of result.yieldConvertedRows(JsonDuckDBValueConverter)) {
        for (const row of chunk) {
          const values = row.map((value, index) => cell(value as JsonValue, types[index] ?? ""));
          for (const value of values) bytes += 8 + Buffer.byteLength(JSON.stringify(value));
          if (rows.length === limit || bytes > maxAnswerBytes) {
            isTruncated = true;
            break;
          }
          rows.push({ values });
        }
        if (isTruncated) break;
      }
      const columns = result.columnNames().map((name, index) => ({ name, type: types[index] ?? "" }));
      return {
        columns,
        rows: rows.map(({ values }) => ({ values: values.map(protobufValue) })),
        isTruncated,
        elapsedMs: performance.now() - begun,
      };
    });
  }

  /**
   * Writes the rows of a SELECT to a file, which the caller removes.
   *
   * @throws Refusal as {@link SqlSession.run} does, or when there are more than two million rows
   */
  export(sql: string, format: ExportFormat): Promise<string> {
    return this.#select(sql, exportTimeoutMs, async (result) => {
      this.#exportFolder ??= await mkdtemp(join(tmpdir(), "orrery-export-"));
      const path = join(this.#exportFolder, `${++this.#exports}.${format}`);
      // A database of its own, which may write files and sees nothing but these rows.
      const instance = await DuckDBInstance.create(":memory:", { memory_limit: exportMemory, threads: "1" });
      try {
        const connection = await instance.connect();
        const types = result.columnTypes();
        const columns = result
          .deduplicatedColumnNames()
          .map((name, index) => `"${name.replaceAll('"', '""')}" ${types[index]}`);
        await connection.run(`create table result (${columns.join(", ")})`);
        const appender = await connection.createAppender("result");
        let rows = 0;
        for await (const chunk of result) {
          rows += chunk.rowCount;
          if (rows > maxExportRows) throw new Refusal(`An export holds at most ${maxExportRows} rows; add a limit.`);
          if (chunk.rowCount > 0) appender.appendDataChunk(chunk);
        }
        appender.closeSync();
        const options = format === "parquet" ? "format parquet, compression zstd" : "format csv, header true";
        await connection.run(`copy result to '${path.replaceAll("'", "''")}' (${options})`);
      } finally {
        instance.closeSync();
      }
      return path;
    });
  }

  /** Breaks off what runs, and removes exports. */
  async close(): Promise<void> {
    const interrupting = setInterval(() => this.#connection.interrupt(), 20);
    while (this.#waiting > 0) await this.#last;
    clearInterval(interrupting);
    if (this.#exportFolder !== undefined) await rm(this.#exportFolder, { recursive: true, force: true });
  }

  /** Before the statement is prepared, for then what is constant in it is worked out already. */
  async #refuseUnbounded(sql: string): Promise<void> {
    const reader = await this.#connection.runAndReadAll("select json_serialize_sql($sql::varchar)", { sql });
    const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
    const name = unboundedFunction(tree);
    if (name !== undefined) throw new Refusal(`The function ${name} is not allowed: its result may be of any size.`);
  }

  async #select<T>(sql: string, timeoutMs: number, read: (result: DuckDBResult) => Promise<T>): Promise<T> {
    if (this.#waiting >= maxWaiting) throw new Refusal(`${maxWaiting} statements wait already; try again later.`);
    this.#waiting++;
    const run = () => this.#selectNow(sql, timeoutMs, read);
    const answer = this.#last.then(run, run).finally(() => this.#waiting--);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #selectNow<T>(sql: string, timeoutMs: number, read: (result: DuckDBResult) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    let isLate = false;
    // Again and again: a statement that has just begun does not notice an interruption.
    const timer = setTimeout(() => {
      isLate = true;
      again = setInterval(() => connection.interrupt(), 50);
      connection.interrupt();
    }, timeoutMs);
    let again: NodeJS.Timeout | undefined;
    try {
      await connection.run("begin transaction read only");
      const statements = await connection.extractStatements(sql).catch((error: Error) => {
        // DuckDB has no words for text without any statement.
        throw error.message === "Error in native callback" ? new Refusal("There is no statement in it.") : error;
      });
      if (statements.count !== 1) throw new Refusal(`One statement at a time; these are ${statements.count}.`);
      await this.#refuseUnbounded(sql);
      const statement = await statements.prepare(0);
      try {
        if (statement.statementType !== StatementType.SELECT) {
          throw new Refusal("Only SELECT is allowed: the store can be read, not changed.");
        }
        if (statement.parameterCount > 0) throw new Refusal("The statement has parameters, which have no values here.");
        return await read(await statement.stream());
      } finally {
        statement.destroySync();
      }
    } catch (error) {
      if (isLate) throw new Refusal(`The statement took longer than ${timeoutMs / 1_000} s and was stopped.`);
      if (error instanceof Refusal) throw error;
      throw new Refusal(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
      clearInterval(again);
      await connection.run("rollback").catch(() => undefined);
    }
  }
}

const wholeTypes = new Set(["BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"]);

function cell(value: JsonValue, type: string): JsonValue {
  if (typeof value !== "string") return value;
  if (wholeTypes.has(type) && Number.isSafeInteger(Number(value))) return Number(value);
  return value.length <= maxCellLength ? value : `${value.slice(0, maxCellLength)}…`;
}

type ProtobufValue = NonNullable<
  NonNullable<NonNullable<MessageInitShape<typeof RunQueryResponseSchema>["rows"]>[number]["values"]>[number]
>;

function protobufValue(value: JsonValue): ProtobufValue {
  if (value === null) return { kind: { case: "nullValue", value: 0 } };
  if (typeof value === "number") return { kind: { case: "numberValue", value } };
  if (typeof value === "string") return { kind: { case: "stringValue", value } };
  if (typeof value === "boolean") return { kind: { case: "boolValue", value } };
  if (Array.isArray(value)) return { kind: { case: "listValue", value: { values: value.map(protobufValue) } } };
  return { kind: { case: "structValue", value } };
}
