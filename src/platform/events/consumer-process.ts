// A process for tests that consumes until it is killed: see `startConsumerProcess` of the event log's contract.
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../logging/logger.ts";
import { openDatabase } from "../sql/database.ts";
import { eventLogMigrations, postgresEventLog } from "./postgres-event-log.ts";

const { group, topic, ...address } = JSON.parse(process.argv[2] ?? "{}");
const log = createLogger({ level: "silent" });
const database = await openDatabase({
  address,
  schema: "events",
  migrations: eventLogMigrations,
  poolSize: 4,
  applicationName: "consumer",
  log,
});
postgresEventLog(database, log).consume({
  group,
  topic,
  async handler({ value }) {
    const text = Buffer.from(value).toString();
    process.stdout.write(`begin ${text}\n`);
    await sleep(20);
    process.stdout.write(`end ${text}\n`);
  },
});
