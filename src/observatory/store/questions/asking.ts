import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";

/** Values by the names that a statement has for them, like `$service`. */
export type Parameters = Record<string, DuckDBValue>;

/** Asks the store; columns of 64 bits arrive as bigint. */
export type Ask = <Row>(sql: string, parameters?: Parameters) => Promise<Row[]>;

/**
 * Asks one question at a time: a connection answers no more at once, and those that wait for it inside DuckDB would
 * each hold one of the few threads that the whole process has for such work.
 */
export function asking(connection: DuckDBConnection): Ask {
  let last: Promise<unknown> = Promise.resolve();
  return <Row>(sql: string, parameters: Parameters = {}) => {
    const run = async () => {
      const reader = await connection.runAndReadAll(sql, parameters);
      return reader.getRowObjects() as Row[];
    };
    const answer = last.then(run, run);
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** `google.protobuf.Timestamp` of nanoseconds of Unix time. */
export function timestamp(nanos: bigint): { readonly seconds: bigint; readonly nanos: number } {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: (nanos - rest) / 1_000_000_000n, nanos: Number(rest) };
}

interface TimestampLike {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Nanoseconds of Unix time; undefined when there is none. */
export function nanosOf(time: TimestampLike | undefined): bigint | undefined {
  return time === undefined ? undefined : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

export interface NanosRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The bounds of a range that may be open: the window before its end, which is now unless given. */
export function boundsOf(
  range: { readonly start?: TimestampLike | undefined; readonly end?: TimestampLike | undefined } | undefined,
  options: { readonly nowMs: number; readonly windowSeconds: number },
): NanosRange {
  // What arrives while one asks belongs to now.
  const end = nanosOf(range?.end) ?? BigInt(options.nowMs + 60_000) * 1_000_000n;
  const start = nanosOf(range?.start) ?? end - BigInt(options.windowSeconds) * 1_000_000_000n;
  return { start, end };
}

/** What the store holds at most: the window of questions that name none. */
export const wholeWindowSeconds = 8 * 86_400;

/** A JSON object as it was stored. */
export function parseObject(json: string | null): Record<string, never> {
  return json === null || json === "" ? {} : (JSON.parse(json) as Record<string, never>);
}
