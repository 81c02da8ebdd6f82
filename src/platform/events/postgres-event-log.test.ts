import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { expect, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { openDatabase } from "../sql/database.ts";
import { createTestDatabase, type TestDatabase } from "../sql/testing.ts";
import { describeEventLog, type EventLogFixture } from "./event-log-contract.ts";
import { eventLogMigrations, postgresEventLog } from "./postgres-event-log.ts";

const log = createLogger({ level: "silent" });

async function open(database: TestDatabase) {
  const events = await openDatabase({
    address: database.connection,
    schema: "events",
    migrations: eventLogMigrations,
    poolSize: 4,
    applicationName: "events",
    log,
  });
  return postgresEventLog(events, log);
}

async function createFixture(): Promise<EventLogFixture> {
  const database = await createTestDatabase();
  const admin = postgres({ ...database.connection, max: 1, onnotice: () => {} });
  return {
    open: () => open(database),
    async interrupt() {
      await admin`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`;
    },
    deadLetters: (group, topic) => admin`
      select key, attempts, reason from events.dead_letters where consumer_group = ${group} and topic = ${topic}`,
    startConsumerProcess(group, topic) {
      const program = new URL("./consumer-process.ts", import.meta.url);
      const options = JSON.stringify({ ...database.connection, group, topic });
      return spawn(process.execPath, [fileURLToPath(program), options], { stdio: ["ignore", "pipe", "inherit"] });
    },
    async close() {
      await admin.end();
      await database.drop();
    },
  };
}

describeEventLog("PostgreSQL", createFixture);

test("publishers that commit in another order than they began never make a consumer pass a message", async () => {
  const database = await createTestDatabase();
  const events = await open(database);
  const seen: string[] = [];
  events.consume({
    group: "g",
    topic: "t",
    handler: async ({ value }) => void seen.push(Buffer.from(value).toString()),
  });
  const publish = (value: string) =>
    events.publish([{ topic: "t", key: value, value: Buffer.from(value), headers: {} }]);
  await publish("first");
  await until(() => seen.length === 1, "the first message arrives");

  // A publisher that has its offset and does not commit yet.
  const slow = postgres({ ...database.connection, max: 1 });
  let commit = () => {};
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let hasOffset = false;
  const slowPublish = slow.begin(async (tx) => {
    const [row] = await tx<{ next: string }[]>`
      update events.topics set next_offset = next_offset + 1 where topic = 't' returning next_offset - 1 as next`;
    await tx`insert into events.log values ('t', ${row?.next ?? ""}, 'slow', 'slow', '{}')`;
    hasOffset = true;
    await committed;
  });
  await until(() => hasOffset, "the slow publisher has its offset");
  const fast = Promise.all([publish("fast 1"), publish("fast 2"), publish("fast 3")]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(seen).toEqual(["first"]);
  commit();
  await Promise.all([slowPublish, fast]);
  await until(() => seen.length === 5, "all messages arrive");
  expect(seen[1]).toBe("slow");
  await slow.end();
  await events.close();
  await database.drop();
});

test("a consumer whose work cannot be recorded begins again after a longer pause each time", async () => {
  const database = await createTestDatabase();
  const events = await open(database);
  const admin = postgres({ ...database.connection, max: 1, onnotice: () => {} });
  await admin.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
    create trigger refuse before insert or update on events.group_offsets for each row execute function refuse()`);
  const handledAt: number[] = [];
  events.consume({ group: "g", topic: "t", handler: async () => void handledAt.push(performance.now()) });
  await events.publish([{ topic: "t", key: "k", value: Buffer.from("v"), headers: {} }]);
  await until(() => handledAt.length >= 5, "the message is handled again and again");
  const pauses = handledAt.slice(1).map((at, index) => at - (handledAt[index] ?? 0));
  for (const [index, least] of [100, 200, 400, 800].entries()) expect(pauses[index]).toBeGreaterThan(least - 5);
  await admin.unsafe("drop function refuse cascade");
  await admin.end();
  await events.close();
  await database.drop();
});
