import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../config/environment.ts";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { type Database, openDatabase, type Sql } from "./database.ts";
import { isStoreUnavailable } from "./store-unavailable.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

const log = createLogger({ level: "silent" });
let testDatabase: TestDatabase;
let folder: string;
const opened: Database[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "migrations-"));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  await testDatabase.drop();
  await rm(folder, { recursive: true });
});

const write = (name: string, sql: string) => writeFile(join(folder, name), sql);

async function open(poolSize = 2, options: Partial<Parameters<typeof openDatabase>[0]> = {}): Promise<Database> {
  const database = await openDatabase({
    address: testDatabase.connection,
    schema: "shop",
    migrations: pathToFileURL(`${folder}/`),
    poolSize,
    applicationName: "database.test",
    log,
    ...options,
  });
  opened.push(database);
  return database;
}

/** Waits until four statements at once succeed. */
async function allWork(sql: Sql): Promise<void> {
  await until(async () => {
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => sql`select pg_sleep(0.05)`));
    return all.every(({ status }) => status === "fulfilled");
  }, "all connections work again");
}

/** Cuts every connection to the test's database but the one that says so. */
async function cutConnections(): Promise<void> {
  const admin = postgres({ ...testDatabase.connection, max: 1 });
  await admin`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await admin.end();
}

test("several that start at once apply each migration once, in the order of their names", async () => {
  await write("002-second.sql", "insert into steps values (2); insert into steps values (3)");
  await write("001-first.sql", "create table steps (step int); insert into steps values (1)");
  const [{ sql }] = await Promise.all([open(), open(), open(), open(), open(), open()]);
  expect(await sql`select step from steps order by ctid`).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  await write("003-third.sql", "insert into steps values (4)");
  await open();
  expect(await sql`select count(*) from steps`).toEqual([{ count: 4n }]);
});

test("a migration that was changed after it was applied stops the start, and says which", async () => {
  await write("001-first.sql", "create table a (x int)");
  await open();
  await write("001-first.sql", "create table a (x bigint)");
  await expect(open()).rejects.toThrow(/001-first\.sql of shop was changed/);
});

test("a broken migration leaves nothing half-done, and works once it is mended", async () => {
  await write("001-first.sql", "create table a (x int)");
  await write("002-broken.sql", "create table b (x int); create table a (x int)");
  await expect(open()).rejects.toThrow(/already exists/);
  await write("002-broken.sql", "create table b (x int)");
  const { sql } = await open();
  expect(await sql`select from b`).toHaveLength(0);
});

test("64-bit integers come and go as bigint, exactly", async () => {
  await write("001.sql", "create table numbers (n bigint, list bigint[])");
  const { sql } = await open();
  const values = [2n ** 63n - 1n, -(2n ** 63n), 0n, 9_007_199_254_740_993n];
  for (const n of values) await sql`insert into numbers (n) values (${n})`;
  await sql`insert into numbers (n) values (${42})`;
  expect((await sql`select n from numbers`).map(({ n }) => n)).toEqual([...values, 42n]);
});

test("a pool works again after the server dropped its connections", async () => {
  const { sql } = await open(4);
  await Promise.all(Array.from({ length: 8 }, () => sql`select pg_sleep(0.01)`));
  await cutConnections();
  await allWork(sql);
});

test("statements under way when the server drops the connections fail as unavailable, the pool goes on", async () => {
  const { sql, isReachable } = await open(4);
  await Promise.all(Array.from({ length: 4 }, () => sql`select pg_sleep(0.05)`));
  const busy = Promise.allSettled(Array.from({ length: 12 }, () => sql`select pg_sleep(0.5)`));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await cutConnections();
  for (const outcome of await busy) {
    if (outcome.status === "rejected") expect(isStoreUnavailable(outcome.reason)).toBe(true);
  }
  await until(isReachable, "the pool connects again");
});

test("a transaction whose connection is lost between two statements fails, and nothing else does", async () => {
  await write("001.sql", "create table a (x int)");
  const { sql, isReachable } = await open();
  let later: unknown;
  const lost = sql.begin(async (tx) => {
    await tx`insert into a values (1)`;
    await cutConnections();
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      await tx`insert into a values (2)`;
    } catch (error) {
      later = error;
      throw error;
    }
  });
  await expect(lost).rejects.toSatisfy(isStoreUnavailable);
  await until(() => later !== undefined, "the transaction goes on");
  expect(isStoreUnavailable(later)).toBe(true);
  await until(isReachable, "the pool connects again");
  expect(await sql`select x from a`).toEqual([]);
});

test("a transaction whose connection is lost within a statement fails, and nothing else does", async () => {
  const { sql, isReachable } = await open();
  const lost = sql.begin((tx) => tx`select pg_sleep(5)`);
  const admin = postgres({ ...testDatabase.connection, max: 1 });
  await until(async () => {
    const sleeping = await admin`
      select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
    return sleeping.length > 0;
  }, "the statement runs");
  await admin.end();
  void cutConnections();
  await expect(lost).rejects.toSatisfy(isStoreUnavailable);
  await until(isReachable, "the pool connects again");
});

test("a session that was lost refuses statements, and another can be had", async () => {
  const { sql, isReachable } = await open();
  const session = await sql.reserve();
  expect(await session`select pg_try_advisory_lock(7) as held`).toEqual([{ held: true }]);
  await cutConnections();
  await until(async () => {
    try {
      await session`select 1`;
      return false;
    } catch (error) {
      return isStoreUnavailable(error);
    }
  }, "the session is known to be lost");
  session.release();
  await until(isReachable, "the pool connects again");
  const another = await sql.reserve();
  expect(await another`select pg_try_advisory_lock(7) as held`).toEqual([{ held: true }]);
  another.release();
});

test("connections that are lost again and again, at any moment, do the process no harm", async () => {
  await write("001.sql", "create table a (x int[])");
  const { sql, isReachable } = await open(4);
  const outcomes = new Set<boolean>();
  let isOver = false;
  const work = async (asTransaction: boolean) => {
    while (!isOver) {
      try {
        if (asTransaction) {
          await sql.begin("read write", async (tx) => {
            await tx`select 1`;
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
            await tx`insert into a values (${[1, 2]})`;
          });
        } else await sql`select ${"x"}::text`;
        outcomes.add(true);
      } catch (error) {
        outcomes.add(isStoreUnavailable(error));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const workers = Array.from({ length: 8 }, (_, index) => work(index % 2 === 0));
  for (let round = 0; round < 8; round++) {
    await cutConnections();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
  }
  isOver = true;
  await Promise.race([Promise.all(workers), new Promise((resolve) => setTimeout(resolve, 500))]);
  expect(outcomes).toEqual(new Set([true]));
  await until(isReachable, "the pool connects again");
});

test("a server that cannot be reached is told at the start as unavailable", async () => {
  const address = { ...testDatabase.connection, host: "127.0.0.1", port: 1 };
  const failed = openDatabase({
    address,
    schema: "shop",
    migrations: pathToFileURL(`${folder}/`),
    poolSize: 1,
    applicationName: "database.test",
    log,
  });
  await expect(failed).rejects.toSatisfy(isStoreUnavailable);
});

/** A logger, and what was told at `warn` and above. */
function listening() {
  const told: string[] = [];
  const write = (line: string) => void told.push(JSON.parse(line).message);
  return { told, log: createLogger({ level: "warn", destination: { write } }) };
}

test("a server that is away is told once, however many miss it, and once when it answers again", async () => {
  const relay = await startRelay();
  const { told, log } = listening();
  const address = { ...testDatabase.connection, host: "127.0.0.1", port: relay.port };
  const { sql, isReachable } = await open(4, { address, log });
  await relay.stop();
  for (let round = 0; round < 5; round++) {
    const asked = [sql`select 1`, sql`select 2`, sql.begin((tx) => tx`select 3`), sql`select 4`];
    for (const { status } of await Promise.allSettled(asked)) expect(status).toBe("rejected");
    expect(await isReachable()).toBe(false);
  }
  const server = `PostgreSQL at 127.0.0.1:${relay.port}`;
  expect(told).toEqual([expect.stringContaining(`${server} does not answer`)]);
  await relay.start();
  await until(async () => (await isReachable()) && told.length > 1, "its end is told");
  expect(told.slice(1)).toEqual([`${server} answers again`]);
});

test("a server whose disk is full is told once: where it keeps its data, and what is to be done", async () => {
  const { told, log } = listening();
  // By another name, for what is known of a server is known to a whole process.
  const host = join(folder, "socket");
  await symlink(testDatabase.connection.host, host);
  const { sql, isReachable } = await open(4, { address: { ...testDatabase.connection, host }, log });
  const admin = postgres({ ...testDatabase.connection, max: 1 });
  const [row] = await admin`show data_directory`;
  await admin.end();
  const failing = "do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$";
  const session = await sql.reserve();
  for (let round = 0; round < 3; round++) {
    await expect(session.unsafe(failing)).rejects.toSatisfy(isStoreUnavailable);
    await expect(sql.begin((tx) => tx.unsafe(failing))).rejects.toSatisfy(isStoreUnavailable);
    // It answers, and has no room all the same.
    expect(await isReachable()).toBe(true);
  }
  session.release();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("has no room on its disk");
  expect(told[0]).toContain(row?.data_directory);
  expect(told[0]).toContain("Make room; nothing needs a restart.");
});

test("what a transaction does beside its statements says nothing of the server", async () => {
  const { told, log } = listening();
  const { port } = await startRelay();
  const { sql } = await open(1, { address: { ...testDatabase.connection, host: "127.0.0.1", port }, log });
  const elsewhere = sql.begin(async () => {
    throw Object.assign(new Error("connect ECONNREFUSED 192.0.2.1:9092"), { code: "ECONNREFUSED" });
  });
  await expect(elsewhere).rejects.toThrow("ECONNREFUSED");
  expect(told).toEqual([]);
});

/** Passes connections on to the test's server, unless it is stopped. */
async function startRelay() {
  const { host, port } = testDatabase.connection;
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = createConnection(join(host, `.s.PGSQL.${port}`));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => near.destroy() && far.destroy());
    }
    near.pipe(far).pipe(near);
  });
  const start = (at: number) => new Promise<void>((resolve) => relay.listen(at, "127.0.0.1", resolve));
  const stop = async () => {
    const closed = new Promise((resolve) => relay.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start(0);
  onTestFinished(stop);
  const bound = relay.address();
  const own = typeof bound === "object" && bound !== null ? bound.port : 0;
  return { port: own, stop, start: () => start(own) };
}

/** Passes connections on to the test's server; whatever that says, `told` is said in place of `truth`. */
async function startMisquoting(truth: string, told: string): Promise<number> {
  const { host, port } = testDatabase.connection;
  const relay = createServer((near) => {
    const far = createConnection(join(host, `.s.PGSQL.${port}`));
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      socket.once("close", () => near.destroy() && far.destroy());
    }
    near.pipe(far);
    far.on("data", (bytes) => near.write(bytes.toString("latin1").replaceAll(truth, told), "latin1"));
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void relay.close());
  const bound = relay.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

test("a server that is too old is refused at the start: which one, how old, and what is needed", async () => {
  const admin = postgres({ ...testDatabase.connection, max: 1 });
  const [row] = await admin<{ version: string }[]>`select current_setting('server_version') as version`;
  await admin.end();
  const version = row?.version ?? "";
  const older = `12.${"4".padEnd(version.length - 3, "0")}`;
  const port = await startMisquoting(version, older);
  const started = openDatabase({
    address: { ...testDatabase.connection, host: "127.0.0.1", port },
    schema: "shop",
    migrations: pathToFileURL(`${folder}/`),
    poolSize: 1,
    applicationName: "database.test",
    log,
    // One that waits for servers that are away does not wait for this one.
    signal: new AbortController().signal,
  });
  const refusal = await started.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ConfigError);
  expect(String(refusal)).toBe(
    `ConfigError: PostgreSQL at 127.0.0.1:${port} is version ${older}; 13 or newer is needed. See DB_CONNECTION_STRING.`,
  );
});
