import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "./embedded-postgres/process.ts";
import { DataFolderInUseError, type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";

const asRoot = process.getuid?.() === 0;

let home: string;
let dataDir: string;
let lines: string[];
const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  // The space is there on purpose.
  home = await mkdtemp(join(tmpdir(), "orrery test-"));
  await chmod(home, 0o755);
  dataDir = join(home, "data folder");
  lines = [];
});

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  for (const server of servers.splice(0)) {
    await server.stop();
  }
  const orphan = await postmasterPid().catch(() => 0);
  if (orphan > 0 && isAlive(orphan)) {
    process.kill(orphan, "SIGINT");
    await expect.poll(() => isAlive(orphan)).toBe(false);
  }
  await rm(home, { recursive: true, force: true });
});

async function start(options?: { dataDir?: string }): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir: options?.dataDir ?? dataDir,
    describeOwner: "http://localhost:8080",
    log: (line) => lines.push(line),
    stateDir: join(home, "state"),
  });
  servers.push(server);
  return server;
}

async function query<T extends object>(server: EmbeddedPostgres, statement: string): Promise<T[]> {
  const sql = postgres({ ...server.connection({ database: "postgres", user: "postgres" }), max: 1 });
  try {
    return await sql.unsafe<T[]>(statement);
  } finally {
    await sql.end();
  }
}

/** Starts a server from another process; resolves when that process owns it. */
async function startElsewhere(options?: { dataDir: string }): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "--eval",
      `import { startEmbeddedPostgres } from ${JSON.stringify(new URL("./embedded-postgres.ts", import.meta.url).href)};
       await startEmbeddedPostgres({ dataDir: ${JSON.stringify(options?.dataDir ?? dataDir)},
         describeOwner: "the other shop", log: console.log, stateDir: ${JSON.stringify(join(home, "state"))} });
       console.log("ready");`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  for await (const line of createInterface(child.stdout)) {
    if (line === "ready") {
      return child;
    }
  }
  throw new Error("the other process did not get ready");
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, "cluster", "postmaster.pid"), "utf8")).split("\n")[0]);
}

test("data is kept from one start to the next, and the second start makes nothing", async () => {
  const first = await start();
  await query(first, "create table orders as select 7 as id");
  await first.stop();

  lines = [];
  const second = await start();
  expect(await query(second, "select id from orders")).toEqual([{ id: 7 }]);
  expect(lines).toEqual([]);
});

test("what is committed is on disk, and nothing listens on TCP", async () => {
  const server = await start();
  const rows = await query<{ name: string; setting: string }>(
    server,
    `select name, setting from pg_settings where name in
     ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'server_encoding') order by name`,
  );
  expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
    fsync: "on",
    full_page_writes: "on",
    listen_addresses: "",
    server_encoding: "UTF8",
    synchronous_commit: "on",
  });
  expect((await stat(server.socketDir)).mode & 0o777).toBe(0o700);
});

test("an ephemeral server leaves nothing behind, and is durable while it lives", async () => {
  const server = await start({ dataDir: "ephemeral" });
  const [row] = await query<{ data_directory: string; fsync: string }>(
    server,
    "select current_setting('data_directory') as data_directory, current_setting('fsync') as fsync",
  );
  expect(row?.fsync).toBe("on");
  await server.stop();
  await expect(stat(server.socketDir)).rejects.toThrow("ENOENT");
  await expect(stat(row?.data_directory ?? "")).rejects.toThrow("ENOENT");
});

test("what a killed process left of an ephemeral server is gone after the next start", async () => {
  const other = await startElsewhere({ dataDir: "ephemeral" });
  const leftovers = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith(`orrery-ephemeral-${other.pid}-`));
  expect(await leftovers()).toHaveLength(1);
  await kill(other);
  await start({ dataDir: "ephemeral" });
  expect(await leftovers()).toEqual([]);
});

test("a folder in use is refused, with the process that uses it and what it serves", async () => {
  const other = await startElsewhere();
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DataFolderInUseError);
  expect(refusal).toMatchObject({ dataDir, pid: other.pid, owner: "the other shop" });
  expect(String(refusal)).toContain(`${dataDir} is in use by process ${other.pid} (the other shop)`);
});

test("after a kill -9 the server that is left over is adopted with its data", async () => {
  const other = await startElsewhere();
  const pid = await postmasterPid();
  await kill(other);
  expect(isAlive(pid)).toBe(true);

  const server = await start();
  expect(await postmasterPid()).toBe(pid);
  expect(lines.join()).toContain("took over");
  expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);

  await server.stop();
  await expect.poll(() => isAlive(pid)).toBe(false);
  await expect(stat(server.socketDir)).rejects.toThrow("ENOENT");
});

test("a left over server with other settings is restarted", async () => {
  const other = await startElsewhere();
  const pid = await postmasterPid();
  await kill(other);
  await writeFile(join(dataDir, "cluster", "postmaster.opts"), "/old/postgres\n");

  const server = await start();
  expect(await postmasterPid()).not.toBe(pid);
  expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("four starts at once on a new folder: one owns it, three are refused", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => start()));
  expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") {
      expect(outcome.reason).toBeInstanceOf(DataFolderInUseError);
    }
  }
});

test("a postmaster.pid whose number now belongs to another program does not block the start", async () => {
  await (await start()).stop();
  await writeFile(
    join(dataDir, "cluster", "postmaster.pid"),
    `${process.pid}\n${join(dataDir, "cluster")}\n1\n5432\n/nowhere\n\n1 1\nready\n`,
  );
  expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
});

test("after the server itself was killed the next start recovers", async () => {
  const first = await start();
  await query(first, "create table orders as select 7 as id");
  process.kill(await postmasterPid(), "SIGKILL");
  servers.length = 0;
  const second = await start();
  expect(await query(second, "select id from orders")).toEqual([{ id: 7 }]);
});

test("the owner keeps its folder when a crash of one session makes the server end them all", async () => {
  const server = await start();
  const [victim] = await query<{ pid: number }>(
    server,
    "select pid from pg_stat_activity where application_name like 'orrery %'",
  );
  process.kill(victim?.pid ?? 0, "SIGKILL");
  await expect
    .poll(() => query(server, "select 1 from pg_locks where locktype = 'advisory'").catch(() => []), {
      timeout: 10_000,
    })
    .toHaveLength(1);
  await expect(start()).rejects.toThrow(DataFolderInUseError);
});

/** A server is started again within a second or two, on a machine that has nothing else to do. */
const patiently = { timeout: 15_000 };

test("a server that ends by itself is started again in its place, with its data and its owner", async () => {
  const server = await start();
  await query(server, "create table orders as select 7 as id");
  const pid = await postmasterPid();
  lines = [];
  process.kill(pid, "SIGKILL");
  const orders = () => query(server, "select id from orders").catch(() => []);
  await expect.poll(orders, patiently).toEqual([{ id: 7 }]);
  await expect
    .poll(() => lines.map((line) => line.replaceAll(/\d+/g, "N")), patiently)
    .toEqual([
      "PostgreSQL (process N) has ended by itself; starting it again",
      expect.stringMatching(/^PostgreSQL is back \(process N\)$/),
    ]);
  await expect.poll(() => start().catch((error: unknown) => error), patiently).toBeInstanceOf(DataFolderInUseError);
});

test("a server that cannot be started again says why once, and is back as soon as it can be", async () => {
  const server = await start();
  const pid = await postmasterPid();
  const control = join(dataDir, "cluster", "global", "pg_control");
  lines = [];
  await rename(control, `${control}.away`);
  process.kill(pid, "SIGKILL");
  await expect.poll(() => lines.filter((line) => line.includes("pg_control")).length, patiently).toBe(1);
  // Each attempt leaves a word in PostgreSQL's own log.
  const attempts = async () => (await readFile(join(dataDir, "postgres.log"), "utf8")).split("pg_control").length - 1;
  await expect.poll(attempts, patiently).toBeGreaterThanOrEqual(3);
  expect(lines.filter((line) => line.includes("pg_control"))).toHaveLength(1);
  await rename(`${control}.away`, control);
  await expect.poll(() => query(server, "select 1 as one").catch(() => []), patiently).toEqual([{ one: 1 }]);
  expect(lines).toHaveLength(3);
});

test("a stop while the server is down is a stop", async () => {
  const server = await start();
  const pid = await postmasterPid();
  process.kill(pid, "SIGKILL");
  await expect.poll(() => lines.some((line) => line.includes("has ended by itself")), patiently).toBe(true);
  await server.stop();
  await expect(stat(server.socketDir)).rejects.toThrow("ENOENT");
  expect(await postmasterPid().catch(() => 0)).toSatisfy((left: number) => left === 0 || !isAlive(left));
  expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a damaged cluster is named, and not touched", async () => {
  await (await start()).stop();
  const control = join(dataDir, "cluster", "global", "pg_control");
  await truncate(control, 100);
  await expect(start()).rejects.toMatchObject({
    reason: "folder-corrupt",
    message: expect.stringMatching(/pg_control.*nothing was deleted/is),
  });
  expect((await stat(control)).size).toBe(100);
});

test("a cluster of another major version is named", async () => {
  await (await start()).stop();
  await writeFile(join(dataDir, "cluster", "PG_VERSION"), "16\n");
  await expect(start()).rejects.toMatchObject({
    reason: "wrong-version",
    message: expect.stringContaining("made by PostgreSQL 16"),
  });
});

test("a folder that cannot be made is named", async () => {
  await writeFile(join(home, "file"), "");
  await expect(start({ dataDir: join(home, "file", "data") })).rejects.toMatchObject({
    reason: "folder-unwritable",
    message: expect.stringContaining(join(home, "file", "data")),
  });
});

test("a first start that was killed half-way is started anew", async () => {
  const unfinished = join(dataDir, "cluster.init-999999999");
  await mkdir(join(unfinished, "base"), { recursive: true });
  await writeFile(join(unfinished, "PG_VERSION"), "18\n");
  expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  expect((await readdir(dataDir)).sort()).toEqual(["cluster", "postgres.log"]);
});

test("a first start that is killed at any moment can be repeated", async () => {
  for (const delay of [60, 200, 400]) {
    const starting = startElsewhere().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await Promise.all(children.splice(0).map(kill));
    await starting;
  }
  expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
});

test.runIf(asRoot)(
  "where the server's account cannot enter, root keeps the cluster elsewhere and says so",
  async () => {
    await chmod(home, 0o700);
    const outside = await mkdtemp(join(tmpdir(), "orrery-state-"));
    await chmod(outside, 0o755);
    const options = { dataDir, describeOwner: "a shop", stateDir: outside, log: (line: string) => lines.push(line) };
    try {
      const first = await startEmbeddedPostgres(options);
      await query(first, "create table orders as select 7 as id");
      await first.stop();
      expect(lines.join("\n")).toContain(`cannot enter ${dataDir}: its files are in ${outside}`);

      const second = await startEmbeddedPostgres(options);
      servers.push(second);
      expect(await query(second, "select id from orders")).toEqual([{ id: 7 }]);
      await second.stop();
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  },
);
