import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { ConfigError, type DatabaseAddress } from "../config/environment.ts";
import type { Logger } from "../logging/logger.ts";
import { connectionLost, refusingWhenLost } from "./lost-connection.ts";
import { ServerState, serverName } from "./server-state.ts";
import { isDiskFull, isStoreUnavailable } from "./store-unavailable.ts";

/** A pool of connections. 64-bit integers come and go as bigint. */
export type Sql = postgres.Sql<{ bigint: bigint }>;
/** A connection in a transaction. */
export type Transaction = postgres.TransactionSql<{ bigint: bigint }>;

/** A service's own part of the database. */
export interface Database {
  readonly sql: Sql;
  /** Whether it answers. */
  isReachable(): Promise<boolean>;
  /**
   * Logs in as somebody else, and out again.
   *
   * @throws what the server says of it
   */
  logInAs(user: { readonly username: string; readonly password: string }): Promise<void>;
  close(): Promise<void>;
}

/**
 * A connection that is lost while the driver is about to write to it never writes again, not even the greeting of its
 * next life, until it has 1,024 bytes to write (nextWriteTimer in postgres.js 3.4.9); so the greeting has them.
 */
const startupPadding = { "orrery.padding": "x".repeat(1_024) };

/**
 * Opens a pool on a schema, and brings the schema up to date first, when the server is there.
 *
 * Connections are made when needed and closed when idle for a while. A statement runs for ten seconds at most.
 *
 * @param options.schema made when missing; unqualified names mean tables in it
 * @param options.migrations folder of `*.sql` files, applied once each in the order of their names
 */
export async function openDatabase(options: {
  readonly address: DatabaseAddress;
  readonly schema: string;
  readonly migrations: URL;
  readonly poolSize: number;
  readonly applicationName: string;
  readonly log: Logger;
  /** Ends the wait for a server that is away; without it there is no wait. */
  readonly signal?: AbortSignal | undefined;
}): Promise<Database> {
  const { address, schema, migrations, poolSize, applicationName, log, signal } = options;
  const settings = {
    ...address,
    max: poolSize,
    idle_timeout: 60,
    connect_timeout: 5,
    backoff: (retries: number) => Math.min(0.1 * 2 ** retries, 2),
    types: { bigint: postgres.BigInt },
    connection: {
      application_name: applicationName,
      search_path: `${schema},public`,
      statement_timeout: 10_000,
      lock_timeout: 8_000,
      idle_in_transaction_session_timeout: 60_000,
      ...startupPadding,
    },
    onnotice: (notice: postgres.Notice) => log.debug({ notice: notice.message }, "PostgreSQL notice"),
  };
  const sql = postgres(settings);
  const state = new ServerState(address, log);
  const watched = state.watching(sql);
  sql.begin = safeBegin(sql, state);
  sql.reserve = () => openSession(settings, state);
  try {
    const prepare = async () => {
      await checkVersion(sql, address);
      await migrate(sql, schema, migrations, log);
    };
    await onceItAnswers(prepare, { address, log, signal });
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error;
  }
  // The array types are known now. The driver asks for them on each new connection, and a connection that is lost
  // meanwhile would be an unhandled rejection.
  Object.assign(sql.options, { fetch_types: false });
  return {
    sql: watched,
    isReachable: async () => {
      try {
        await watched`select 1`;
        return true;
      } catch {
        return false;
      }
    },
    async logInAs(user) {
      const other = postgres({ ...settings, ...user, max: 1, fetch_types: false });
      try {
        await other`select 1`;
      } finally {
        await other.end({ timeout: 1 });
      }
    },
    // The driver waits in vain for connections that were lost before, so not for long.
    close: () => sql.end({ timeout: 1 }),
  };
}

/** A refusal that only another connection string or a change at the server mends. */
const refusals = new Map([
  ["28P01", "knows no such user with that password"],
  ["28000", "lets no such user in"],
  ["3D000", "has no such database"],
  ["42501", "does not allow that user to make what is needed"],
]);

/** The oldest major version on which all migrations and statements work; see docs/deployment.md. */
const oldestVersion = 13;

/** @throws ConfigError when the server is too old, rather than the first statement that it does not understand */
async function checkVersion(sql: Sql, address: DatabaseAddress): Promise<void> {
  const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
  // Distributions add to it: 16.4 (Debian 16.4-1.pgdg120+1).
  const [version = ""] = row?.version.split(" ") ?? [];
  if (Number.parseInt(version, 10) >= oldestVersion) return;
  throw new ConfigError(
    `${serverName(address)} is version ${version}; ${oldestVersion} or newer is needed. See DB_CONNECTION_STRING.`,
  );
}

const longestPauseMs = 2_000;

/** Services and servers may start in any order: waits, and says so once. */
async function onceItAnswers(
  work: () => Promise<void>,
  options: {
    readonly address: DatabaseAddress;
    readonly log: Logger;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { address, log, signal } = options;
  const server = serverName(address);
  let isTold = false;
  for (let tries = 1; ; tries++) {
    try {
      await work();
      if (tries > 1) log.info(`${server} answers now`);
      return;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      const refusal = refusals.get(code);
      if (refusal !== undefined && error instanceof Error) {
        throw new ConfigError(`${server} ${refusal}: ${error.message}. See DB_CONNECTION_STRING.`, { cause: error });
      }
      signal?.throwIfAborted();
      if (signal === undefined || !isStoreUnavailable(error)) throw error;
      // A full disk is told in words of its own.
      if (!isTold && !isDiskFull(error)) {
        log.warn({ error }, `${server} does not answer; waiting for it`);
        isTold = true;
      }
      await sleep(Math.min(50 * 2 ** tries, longestPauseMs), undefined, { signal });
    }
  }
}

type Work = (tx: Transaction) => unknown;

/**
 * The server ends statements after 10 s and idle transactions after 60 s; one that is still there later was forgotten
 * by the driver when its connection was lost.
 */
const maxTransactionMs = 90_000;

/** `sql.begin`, in both its forms, whose transactions end well when their connection is lost. */
function safeBegin(sql: Sql, state: ServerState): Sql["begin"] {
  const begin = sql.begin.bind(sql) as (mode: string, work: Work) => Promise<unknown>;
  const safe = (...args: [work: Work] | [mode: string, work: Work]) => {
    const [mode, work] = args.length === 1 ? ["", args[0]] : args;
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    /** What the work failed with: its statements are taken note of, and what else it does is not the server's. */
    let ownFailure: unknown;
    const transaction = begin(mode, async (tx) => {
      try {
        return await work(state.watching(refusingWhenLost(tx, () => isOver)));
      } catch (error) {
        ownFailure = error;
        // The loss of the connection may be told here first.
        await new Promise((resolve) => setImmediate(resolve));
        throw error;
      } finally {
        // The driver would now write a rollback or commit. The transaction has failed already; nobody waits here.
        if (isOver) await new Promise(() => {});
      }
    });
    const bound = new Promise((_, reject) => {
      const timer = setTimeout(() => reject(connectionLost()), maxTransactionMs).unref();
      transaction.finally(() => clearTimeout(timer)).catch(() => {});
    });
    const bounded = Promise.race([transaction, bound]);
    bounded.then(over, (error) => {
      over();
      if (error !== ownFailure) state.failed(error);
    });
    return bounded;
  };
  return safe as Sql["begin"];
}

/** A session outside of the pool, which a lost connection ends: what it held, such as locks, is gone. */
async function openSession(settings: postgres.Options<{ bigint: typeof postgres.BigInt }>, state: ServerState) {
  let isLost = false;
  const sql = postgres({
    ...settings,
    max: 1,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    onclose() {
      isLost = true;
    },
  });
  try {
    await sql`select 1`;
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
  isLost = false;
  const release = () => void sql.end({ timeout: 1 });
  return Object.assign(state.watching(refusingWhenLost(sql, () => isLost)), { release });
}

/**
 * Applies the migrations that the schema has not seen, each in a transaction with its record. Whoever starts first
 * does it; others wait. A migration that was changed after it was applied is an error: the schema is not what the
 * code believes.
 */
async function migrate(sql: Sql, schema: string, folder: URL, log: Logger): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext(${`orrery migrations ${schema}`}))`;
    const [found] = await tx`select 1 from pg_namespace where nspname = ${schema}`;
    if (found === undefined) await tx`create schema ${tx(schema)}`;
    await tx`create table if not exists ${tx(schema)}.migrations (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null default now()
    )`;
    const rows = await tx<{ name: string; sha256: string }[]>`select name, sha256 from ${tx(schema)}.migrations`;
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    for (const name of names) {
      const text = await readFile(new URL(name, folder), "utf8");
      const sha256 = createHash("sha256").update(text).digest("hex");
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before !== undefined) {
        throw new Error(`Migration ${name} of ${schema} was changed after it was applied; add a new one instead.`);
      }
      await tx.unsafe(text);
      await tx`insert into ${tx(schema)}.migrations (name, sha256) values (${name}, ${sha256})`;
      log.debug({ schema, migration: name }, "Migration applied");
    }
  });
}
