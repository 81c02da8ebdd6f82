import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import type { Sql } from "./database.ts";
import { addToOutbox, type OutboxEntry, OutboxRelay, type OutboxRelayOptions } from "./outbox.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

const log = createLogger({ level: "silent" });
let database: TestDatabase;
let sql: Sql;
const relays: OutboxRelay[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  sql = postgres({ ...database.connection, max: 6, types: { bigint: postgres.BigInt } });
  await sql`create table outbox (
    id bigint generated always as identity primary key,
    topic text not null,
    key text not null,
    value bytea not null,
    headers jsonb not null,
    created_at timestamptz not null default now(),
    attempts int not null default 0,
    next_attempt_at timestamptz not null default now(),
    last_error text
  )`;
});
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await sql.end({ timeout: 1 });
  await database.drop();
});

const entry = (key: string, value: string) => ({ topic: "t", key, value: Buffer.from(value), headers: { h: value } });
const add = (...entries: { topic: string; key: string; value: Buffer; headers: Record<string, string> }[]) =>
  sql.begin(async (tx) => {
    for (const each of entries) await addToOutbox(tx, each);
  });
const left = async () => (await sql`select id from outbox`).length;
const textOf = ({ value }: OutboxEntry) => Buffer.from(value).toString();

/** A relay whose deliveries fail as long as `fails` says so. */
function relay(fails: (entry: OutboxEntry) => boolean = () => false, options: Partial<OutboxRelayOptions> = {}) {
  const delivered: string[] = [];
  const tried: string[] = [];
  const made = new OutboxRelay({
    sql,
    topic: "t",
    log,
    deliver: async (entries) =>
      entries.map((each) => {
        tried.push(textOf(each));
        if (fails(each)) return { delivered: false, error: new Error("the broker says no") };
        delivered.push(textOf(each));
        return { delivered: true };
      }),
    ...options,
  });
  relays.push(made);
  return { relay: made, delivered, tried };
}

test("what a transaction adds is delivered once it commits, whole and in order", async () => {
  const received: OutboxEntry[] = [];
  const { relay: made, delivered } = relay((each) => received.push(each) < 0);
  made.start();
  await add(entry("a", "1"), entry("a", "2"), entry("b", "3"), entry("a", "4"));
  made.wake();
  await until(() => delivered.length === 4, "all are delivered");
  expect(delivered.filter((value) => value !== "3")).toEqual(["1", "2", "4"]);
  expect(received[0]).toMatchObject({ topic: "t", key: "a", headers: { h: "1" }, attempts: 0 });
  await until(async () => (await left()) === 0, "the outbox is empty");
});

test("a transaction that is rolled back publishes nothing", async () => {
  const { relay: made, delivered } = relay();
  const failed = sql.begin(async (tx) => {
    await addToOutbox(tx, entry("a", "1"));
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  expect(await made.deliverBatch()).toBe(0);
  expect(delivered).toEqual([]);
});

test("a process killed between publishing and deleting means a duplicate, never a loss", async () => {
  await sql`create table published (key text, value text)`;
  await add(entry("a", "1"), entry("b", "2"));
  const program = new URL("./outbox-process.ts", import.meta.url);
  const child = spawn(process.execPath, [fileURLToPath(program), JSON.stringify(database.connection)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await sql`select value from published order by 1`).toEqual([{ value: "1" }, { value: "2" }]);
  const { relay: made, delivered } = relay();
  made.start();
  await until(() => delivered.length === 2, "another relay takes over");
  await until(async () => (await left()) === 0, "the outbox is empty");
});

test("an entry that fails holds back those of its key, and no others", async () => {
  await add(entry("a", "a1"), entry("a", "a2"), entry("b", "b1"), entry("a", "a3"), entry("b", "b2"));
  let failures = 2;
  const { relay: made, delivered } = relay((each) => textOf(each) === "a1" && failures-- > 0, { maxBackoffMs: 50 });
  made.start();
  await until(() => delivered.length === 5, "all are delivered");
  expect(delivered).toEqual(["b1", "b2", "a1", "a2", "a3"]);
});

test("the wait between attempts grows up to its bound, and the failure is kept", async () => {
  await add(entry("a", "1"));
  const { relay: made } = relay(() => true, { maxBackoffMs: 400 });
  for (const [index, bound] of [100, 200, 400, 400, 400].entries()) {
    const [before] = await sql<{ at: Date }[]>`select clock_timestamp() as at`;
    expect(await made.deliverBatch()).toBe(1);
    const [row] = await sql`
      select attempts, last_error, extract(epoch from next_attempt_at - ${before?.at ?? ""}) * 1000 as least,
        extract(epoch from next_attempt_at - clock_timestamp()) * 1000 as most
      from outbox`;
    expect(row).toMatchObject({ attempts: index + 1, last_error: "Error: the broker says no" });
    // The attempt was between the two looks at the clock, however long it took; dates have whole milliseconds.
    expect(Number(row?.least)).toBeGreaterThanOrEqual(bound / 2);
    expect(Number(row?.most)).toBeLessThanOrEqual(bound);
    await sql`update outbox set next_attempt_at = now()`;
  }
});

test("what has failed is not tried before its wait is over", async () => {
  await add(entry("a", "1"));
  // So often that the wait is half an hour at least.
  await sql`update outbox set attempts = 20`;
  const { relay: made } = relay(() => true, { maxBackoffMs: 3_600_000 });
  expect(await made.deliverBatch()).toBe(1);
  expect(await made.deliverBatch()).toBe(0);
});

test("a clock that is put back keeps no entry waiting, be it tried or not", async () => {
  await add(entry("a", "new"), entry("b", "tried"), entry("c", "given up"));
  await sql`update outbox set attempts = 3 where key = 'b'`;
  await sql`update outbox set next_attempt_at = next_attempt_at + interval '2 hours'`;
  await sql`update outbox set attempts = 3, next_attempt_at = 'infinity' where key = 'c'`;
  const { relay: made, delivered } = relay();
  expect(await made.deliverBatch()).toBe(2);
  expect(delivered).toEqual(["new", "tried"]);
  expect(await left()).toBe(1);
});

test("a clock that is put back for less than the longest wait keeps what is new no longer", async () => {
  await add(entry("a", "new"));
  await sql`update outbox set next_attempt_at = next_attempt_at + interval '10 seconds'`;
  const { relay: made, delivered } = relay();
  await made.deliverBatch();
  expect(delivered).toEqual(["new"]);
});

test("an entry that is given up stays to be seen, and no longer holds back its key", async () => {
  await add(entry("a", "a1"), entry("a", "a2"));
  const { relay: made, delivered, tried } = relay((each) => textOf(each) === "a1", { maxAttempts: 3, maxBackoffMs: 1 });
  made.start();
  await until(() => delivered.includes("a2"), "the next is delivered");
  await until(async () => (await left()) === 1, "the delivered one is gone");
  expect(tried.filter((value) => value === "a1")).toHaveLength(3);
  expect(await sql`select key, attempts, last_error, next_attempt_at = 'infinity' as "isGivenUp" from outbox`).toEqual([
    { key: "a", attempts: 3, last_error: "Error: the broker says no", isGivenUp: true },
  ]);
});

test("two relays do not work on an outbox at once", async () => {
  await add(entry("a", "1"));
  let finish = () => {};
  let isDelivering = false;
  const slow = new OutboxRelay({
    sql,
    topic: "t",
    log,
    async deliver(entries) {
      isDelivering = true;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return entries.map(() => ({ delivered: true }));
    },
  });
  const batch = slow.deliverBatch();
  await until(() => isDelivering, "the first relay delivers");
  const { relay: other, delivered } = relay();
  expect(await other.deliverBatch()).toBe(0);
  finish();
  expect(await batch).toBe(1);
  expect(await other.deliverBatch()).toBe(0);
  expect(delivered).toEqual([]);
});

test("a relay outlives a broker whose delivery throws, and a database that drops its connections", async () => {
  await add(entry("a", "1"));
  let throws = 2;
  const delivered: string[] = [];
  const made = new OutboxRelay({
    sql,
    topic: "t",
    log,
    async deliver(entries) {
      if (throws-- > 0) throw new Error("away");
      delivered.push(...entries.map(textOf));
      return entries.map(() => ({ delivered: true }));
    },
  });
  relays.push(made);
  made.start();
  await until(() => delivered.length === 1, "it is delivered");
  const admin = postgres({ ...database.connection, max: 1 });
  await admin`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await admin.end();
  await until(
    () =>
      add(entry("a", "2")).then(
        () => true,
        () => false,
      ),
    "the database is back",
  );
  await until(() => delivered.includes("2"), "it is delivered");
});

test("of entries that cannot be delivered the first is told, and the next after a delivery", async () => {
  const told: string[] = [];
  const write = (line: string) => void told.push(JSON.parse(line).key);
  let isDown = true;
  const { relay: made, tried } = relay((each) => isDown || each.key === "poison", {
    log: createLogger({ level: "warn", destination: { write } }),
    maxBackoffMs: 1,
  });
  await add(entry("a", "1"), entry("b", "2"), entry("c", "3"));
  await made.deliverBatch();
  await until(async () => (await made.deliverBatch()) > 0 && tried.length >= 6, "all are tried again");
  expect(told).toEqual(["a"]);
  isDown = false;
  await until(async () => (await made.deliverBatch()) === 0 && (await left()) === 0, "all are delivered");
  await add(entry("poison", "4"));
  await made.deliverBatch();
  expect(told).toEqual(["a", "poison"]);
});
