import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { PoisonEventError } from "../../src/platform/events/event-log.ts";
import { describeEventLog, type EventLogFixture } from "../../src/platform/events/event-log-contract.ts";
import { deadLetterTopic, kafkaEventLog } from "../../src/platform/events/kafka-event-log.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { eventually } from "../eventually.ts";
import { readTopic } from "./kafka-topic.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";
import { startTcpRelay, type TcpRelay } from "./tcp-relay.ts";

const log = createLogger({ level: "silent" });

let broker: TestEngine;
let relay: TcpRelay;
beforeAll(async () => {
  // Clients go by what the broker says it is called: all connections can be cut at the relay.
  const port = await freePort();
  broker = await startTestEngine(kafka, { "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}` });
  relay = await startTcpRelay(port, () => broker.engine.ports.broker ?? 0);
});
afterAll(async () => {
  await relay?.close();
  await broker?.remove();
});

async function createFixture(): Promise<EventLogFixture> {
  const address = `127.0.0.1:${relay.port}`;
  return {
    // A member that says nothing more is out of the group after ten seconds.
    takeoverMs: 30_000,
    open: async () => kafkaEventLog({ brokers: [address], clientId: "test", log }),
    interrupt: async () => relay.cut(),
    async deadLetters(group, topic) {
      const letters = await readTopic(broker.engine.address, deadLetterTopic(topic));
      return letters
        .filter(({ headers }) => headers["dead-letter-group"] === group)
        .map(({ key, headers }) => ({
          key: key ?? "",
          attempts: Number(headers["dead-letter-attempts"]),
          reason: headers["dead-letter-reason"] ?? "",
        }));
    },
    startConsumerProcess(group, topic) {
      const program = fileURLToPath(new URL("./kafka-consumer-process.ts", import.meta.url));
      const options = JSON.stringify({ broker: address, group, topic });
      return spawn(process.execPath, [program, options], { stdio: ["ignore", "pipe", "inherit"] });
    },
    close: async () => {},
  };
}

describeEventLog("Kafka", createFixture);

it("a message too large to be set aside with its reason is set aside without its value", async () => {
  const topic = `topic-${crypto.randomUUID()}`;
  const events = kafkaEventLog({ brokers: [broker.engine.address], clientId: "test", log });
  onTestFinished(() => events.close());
  // A broker takes 1,048,588 bytes.
  const large = Buffer.alloc(1_048_000);
  await events.publish([{ topic, key: "large", value: large, headers: {} }]);
  await events.publish([{ topic, key: "next", value: Buffer.of(1), headers: {} }]);
  const handled: string[] = [];
  events.consume({
    group: topic,
    topic,
    async handler({ key }) {
      if (key === "large") throw new PoisonEventError("no order ".repeat(100));
      handled.push(key);
    },
  });
  await eventually(async () => expect(await events.lag(topic, topic)).toBe(0));
  expect(handled).toEqual(["next"]);
  expect(await readTopic(broker.engine.address, deadLetterTopic(topic))).toMatchObject([
    { key: "large", value: Buffer.of(), headers: { "dead-letter-reason": expect.stringContaining("no order") } },
  ]);
});
