// A process for tests that consumes until it is killed: see `startConsumerProcess` of the event log's contract.
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaEventLog } from "../../src/platform/events/kafka-event-log.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";

const { broker, group, topic } = JSON.parse(process.argv[2] ?? "{}");
kafkaEventLog({ brokers: [broker], clientId: "consumer", log: createLogger({ level: "silent" }) }).consume({
  group,
  topic,
  async handler({ value }) {
    const text = Buffer.from(value).toString();
    process.stdout.write(`begin ${text}\n`);
    await sleep(20);
    process.stdout.write(`end ${text}\n`);
  },
});
