// A process for tests that relays an outbox until it is killed: each entry is published, but none is ever deleted.
import { writeSync } from "node:fs";
import postgres from "postgres";
import { createLogger } from "../logging/logger.ts";
import { OutboxRelay } from "./outbox.ts";
import type { TestDatabase } from "./testing.ts";

const connection = JSON.parse(process.argv[2] ?? "{}") as TestDatabase["connection"];
const sql = postgres({ ...connection, types: { bigint: postgres.BigInt } });
new OutboxRelay({
  sql,
  topic: "t",
  log: createLogger({ level: "silent" }),
  async deliver(entries) {
    await sql`insert into published ${sql(entries.map(({ key, value }) => ({ key, value: value.toString() })))}`;
    writeSync(1, "published\n");
    return await new Promise(() => {});
  },
}).start();
