import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type EventLog, EventLogUnavailableError } from "../../src/platform/events/event-log.ts";
import { kafkaEventLog } from "../../src/platform/events/kafka-event-log.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { eventually } from "../eventually.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";

const topic = "orders";
const group = "accounting";
/** After the broker is back, everything goes on within so many milliseconds. */
const recoveryMs = 20_000;

const opened: EventLog[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

function open(address: string): EventLog {
  const log = kafkaEventLog({ brokers: [address], clientId: "test", log: createLogger({ level: "silent" }) });
  opened.push(log);
  return log;
}

async function broker(ports?: Readonly<Record<string, number>>): Promise<TestEngine> {
  const started = await startTestEngine(kafka, {}, ports);
  onTestFinished(() => started.remove());
  return started;
}

const event = (n: number) => ({ topic, key: `key ${n % 5}`, value: Buffer.from(String(n)), headers: {} });

/** Publishes 0, 1, 2 ... at a steady pace, each until the log has it, as the outbox does. */
function publishSteadily(log: EventLog) {
  let published = 0;
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      try {
        await log.publish([event(published)]);
        published++;
      } catch (error) {
        expect(error).toBeInstanceOf(EventLogUnavailableError);
      }
      await sleep(10);
    }
  })();
  return {
    get published() {
      return published;
    },
    async end(): Promise<number> {
      isOver = true;
      await running;
      return published;
    },
  };
}

function consume(log: EventLog) {
  const seen: number[] = [];
  const consumer = log.consume({
    group,
    topic,
    handler: async ({ value }) => void seen.push(Number(value.toString())),
  });
  return { seen, consumer };
}

describe("a Kafka broker", () => {
  it.each(["stop", "kill"] as const)(
    "that is ended (%s) under a stream of events and comes back: nothing is lost, order per key is kept",
    async (how) => {
      const { engine } = await broker();
      const log = open(engine.address);
      const stream = publishSteadily(log);
      const { seen, consumer } = consume(open(engine.address));
      await eventually(() => expect(seen.length).toBeGreaterThan(50));
      await engine[how]();
      await eventually(() => expect(consumer.isConnected()).toBe(false), 15_000);
      await engine.start();
      const before = stream.published;
      await eventually(() => expect(stream.published).toBeGreaterThan(before + 50), recoveryMs);
      const total = await stream.end();
      await eventually(() => expect(new Set(seen).size).toBe(total), recoveryMs);
      expect(consumer.isConnected()).toBe(true);
      for (let key = 0; key < 5; key++) {
        const firsts = [...new Set(seen.filter((n) => n % 5 === key))];
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
      }
      // Again after a crash is allowed: what was handled and not yet recorded.
      expect(seen.length - total).toBeLessThanOrEqual(100);
    },
  );

  it("that is not there at the start is waited for, by publishers and consumers", async () => {
    const ports = { broker: await freePort() };
    const log = open(`127.0.0.1:${ports.broker}`);
    const { seen, consumer } = consume(log);
    const begun = performance.now();
    await expect(log.publish([event(0)])).rejects.toThrow(EventLogUnavailableError);
    await expect(log.lag(group, topic)).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(consumer.isConnected()).toBe(false);
    await broker(ports);
    await log.publish([event(1)]);
    await eventually(() => expect(seen).toContain(1), recoveryMs);
    await eventually(() => expect(consumer.isConnected()).toBe(true));
  });

  it("that is away does not hold up a stop", async () => {
    const { engine } = await broker();
    const log = open(engine.address);
    const { seen } = consume(log);
    await log.publish([event(0)]);
    await eventually(() => expect(seen).toEqual([0]));
    await engine.kill();
    const begun = performance.now();
    await log.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it("that comes back without its data begins the topic anew, and its first message is not passed", async () => {
    const { engine } = await broker();
    const log = open(engine.address);
    const { seen } = consume(log);
    for (let n = 0; n < 20; n++) await log.publish([event(n)]);
    await eventually(() => expect(seen).toHaveLength(20));
    await engine.stop();
    await rm(join(engine.log, "../data"), { recursive: true });
    await engine.start();
    await eventually(() => log.publish([event(100)]), recoveryMs);
    for (let n = 101; n < 105; n++) await log.publish([event(n)]);
    await eventually(
      () => expect(seen.filter((n) => n >= 100).toSorted()).toEqual([100, 101, 102, 103, 104]),
      recoveryMs,
    );
  });
});
