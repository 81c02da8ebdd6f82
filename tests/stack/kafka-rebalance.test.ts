import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Admin } from "@platformatic/kafka";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EventLog } from "../../src/platform/events/event-log.ts";
import { kafkaEventLog } from "../../src/platform/events/kafka-event-log.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { eventually } from "../eventually.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";

const keys = 20;

let broker: TestEngine;
beforeAll(async () => {
  broker = await startTestEngine(kafka);
});
afterAll(() => broker?.remove());

const opened: EventLog[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});
function open(): EventLog {
  const log = kafkaEventLog({
    brokers: [broker.engine.address],
    clientId: "test",
    log: createLogger({ level: "silent" }),
  });
  opened.push(log);
  return log;
}

async function topicOf(partitions: number): Promise<string> {
  const topic = `topic-${randomUUID()}`;
  const admin = new Admin({ clientId: "admin", bootstrapBrokers: [broker.engine.address] });
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
  return topic;
}

describe("a topic of several partitions", () => {
  it("is shared by the members of a group, which come and go while they work: nothing is lost, nothing out of order", async () => {
    const topic = await topicOf(6);
    const group = `group-${randomUUID()}`;
    /** What was handled, in the order of its end, by whom. */
    const handled: { readonly n: number; readonly by: number }[] = [];
    let members = 0;
    const join = () => {
      const by = members++;
      return open().consume({
        group,
        topic,
        async handler({ value }) {
          await sleep(5);
          handled.push({ n: Number(Buffer.from(value).toString()), by });
        },
      });
    };
    const shares = (who: number) => eventually(() => expect(handled.some(({ by }) => by === who)).toBe(true), 30_000);

    const publisher = open();
    let published = 0;
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        await publisher.publish(
          Array.from({ length: keys }, (_, key) => ({
            topic,
            key: `key ${key}`,
            value: Buffer.from(String(published * keys + key)),
            headers: {},
          })),
        );
        published++;
        await sleep(20);
      }
    })();

    const first = join();
    await shares(0);
    const second = join();
    await shares(1);
    const third = join();
    await shares(2);
    await first.stop();
    await second.stop();
    join();
    await shares(3);
    isOver = true;
    await publishing;
    const total = published * keys;
    await eventually(() => expect(new Set(handled.map(({ n }) => n)).size).toBe(total), 30_000);
    expect(third.isConnected()).toBe(true);

    for (let key = 0; key < keys; key++) {
      const firsts = [...new Set(handled.map(({ n }) => n).filter((n) => n % keys === key))];
      expect(firsts, `key ${key}`).toEqual(firsts.toSorted((a, b) => a - b));
    }
    // A partition that goes to another member takes along what is being handled.
    expect(handled.length - total).toBeLessThan(total / 10);
    await eventually(async () => expect(await publisher.lag(group, topic)).toBe(0));
  });
});
