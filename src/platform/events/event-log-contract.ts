import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until as untilWithin } from "../rpc/testing.ts";
import { type ConsumeOptions, type EventLog, PoisonEventError, type ReceivedEvent } from "./event-log.ts";

/** An implementation of the event log under test, with a broker of its own. */
export interface EventLogFixture {
  /** The log as one process has it. */
  open(): Promise<EventLog>;
  /** Cuts every connection to the broker; new ones are taken. */
  interrupt(): Promise<void>;
  deadLetters(group: string, topic: string): Promise<readonly { key: string; attempts: number; reason: string }[]>;
  /** Starts a process that consumes, writes `begin <value>` and `end <value>`, and takes 20 ms for each message. */
  startConsumerProcess(group: string, topic: string): ChildProcess;
  close(): Promise<void>;
  /** How long another member may take to notice that one is gone, in milliseconds; 10 s unless told. */
  readonly takeoverMs?: number;
}

/** What every event log keeps to, whatever it is made of. */
export function describeEventLog(name: string, createFixture: () => Promise<EventLogFixture>): void {
  describe(`the event log on ${name}`, () => {
    let fixture: EventLogFixture;
    let topic: string;
    let group: string;
    const opened: EventLog[] = [];

    beforeEach(async () => {
      fixture = await createFixture();
      topic = `topic-${randomUUID()}`;
      group = `group-${randomUUID()}`;
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((log) => log.close()));
      await fixture.close();
    });

    test("tells how far a group is behind", async () => {
      const log = await open();
      expect(await log.lag(group, topic)).toBe(0);
      await publishNumbers(log, 0, 5);
      expect(await log.lag(group, topic)).toBe(5);
      const { consumer } = collect(log, group);
      await until(async () => (await log.lag(group, topic)) === 0, "the group catches up");
      await consumer.stop();
      await publishNumbers(log, 5, 7);
      expect(await log.lag(group, topic)).toBe(2);
    });

    const until = (condition: () => boolean | Promise<boolean>, what: string) =>
      untilWithin(condition, what, fixture.takeoverMs);
    const open = async () => {
      const log = await fixture.open();
      opened.push(log);
      return log;
    };
    const event = (key: string, value: number | string) => ({
      topic,
      key,
      value: Buffer.from(String(value)),
      headers: { traceparent: `of ${value}` },
    });
    const publishNumbers = async (log: EventLog, from: number, to: number, keyOf = (_n: number) => "k") => {
      const numbers = Array.from({ length: to - from }, (_, index) => from + index);
      await log.publish(numbers.map((n) => event(keyOf(n), n)));
    };
    /** A consumer that notes what it has handled. */
    const collect = (log: EventLog, group: string, options: Partial<ConsumeOptions> = {}) => {
      const seen: string[] = [];
      const consumer = log.consume({
        group,
        topic,
        backoffMs: 5,
        ...options,
        async handler(received) {
          await options.handler?.(received);
          seen.push(text(received));
        },
      });
      return { seen, consumer };
    };
    const text = ({ value }: ReceivedEvent) => Buffer.from(value).toString();
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));
    const sorted = (values: Iterable<string>) => [...values].sort((a, b) => Number(a) - Number(b));

    test("a message arrives as it was published", async () => {
      const log = await open();
      const received: ReceivedEvent[] = [];
      const value = Buffer.from([0, 255, 1, 128, 10, 0]);
      await log.publish([{ topic, key: "ключ", value, headers: { a: "1", b: "“2”" } }]);
      collect(log, group, { handler: async (event) => void received.push(event) });
      await until(() => received.length === 1, "the message arrives");
      expect(received[0]).toMatchObject({ topic, key: "ключ", headers: { a: "1", b: "“2”" }, attempt: 1 });
      expect(Buffer.from(received[0]?.value ?? [])).toEqual(value);
      expect(Math.abs(Date.now() - Number(received[0]?.publishedAt))).toBeLessThan(60_000);
    });

    test("many messages and large ones are published at once, none at all, too", async () => {
      const log = await open();
      await log.publish([]);
      const padding = "x".repeat(50_000);
      await log.publish(Array.from({ length: 60 }, (_, n) => event("k", `${n} ${padding}`)));
      const { seen } = collect(log, group);
      await until(() => seen.length === 60, "all arrive");
      expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => `${n} ${padding}`));
    });

    test("each group gets everything once, the oldest first, and messages of a key in their order", async () => {
      const log = await open();
      await publishNumbers(log, 0, 150, (n) => `key ${n % 7}`);
      const handler = () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * 3));
      const groups = ["one", "two", "late"].map((name) => collect(log, `${group}-${name}`, { handler }));
      await publishNumbers(log, 150, 300, (n) => `key ${n % 7}`);
      for (const { seen } of groups) {
        await until(() => seen.length >= 300, "all messages arrive");
        expect(sorted(seen)).toEqual(range(0, 300));
        for (let key = 0; key < 7; key++) {
          const ofKey = seen.filter((n) => Number(n) % 7 === key);
          expect(ofKey).toEqual(sorted(ofKey));
        }
      }
    });

    test("a consumer that stopped goes on where it was", async () => {
      const log = await open();
      await publishNumbers(log, 0, 5);
      const first = collect(log, group);
      await until(() => first.seen.length === 5, "the first five arrive");
      await first.consumer.stop();
      await publishNumbers(log, 5, 10);
      const second = collect(log, group);
      await until(() => second.seen.length === 5, "the other five arrive");
      expect(first.seen.concat(second.seen)).toEqual(range(0, 10));
    });

    test("a stop finishes what is being handled and records it", async () => {
      const log = await open();
      await publishNumbers(log, 0, 1);
      let finish: (() => void) | undefined;
      const first = collect(log, group, {
        handler: () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
      });
      await until(() => finish !== undefined, "the message is being handled");
      const stopped = first.consumer.stop();
      finish?.();
      await stopped;
      const second = collect(log, group);
      await publishNumbers(log, 1, 2);
      await until(() => second.seen.length > 0, "the next message arrives");
      expect(first.seen).toEqual(["0"]);
      expect(second.seen).toEqual(["1"]);
    });

    test("members of a group share the work; when one goes, nothing is lost and another takes over", async () => {
      const logs = [await open(), await open()];
      const handler = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
      const members = logs.map((log) => collect(log, group, { handler }));
      const [publisher] = logs;
      await publishNumbers(publisher as EventLog, 0, 100, (n) => `key ${n % 5}`);
      const all = () => members.flatMap(({ seen }) => seen);
      await until(() => all().length >= 20, "work is under way");
      const active = members.findIndex(({ seen }) => seen.length > 0);
      await members[active]?.consumer.stop();
      await publishNumbers(publisher as EventLog, 100, 200, (n) => `key ${n % 5}`);
      await until(() => new Set(all()).size === 200, "everything arrives");
      expect(sorted(all())).toEqual(range(0, 200));
    });

    test("a process killed in the middle loses nothing", async () => {
      const log = await open();
      await publishNumbers(log, 0, 200, (n) => `key ${n % 3}`);
      const child = fixture.startConsumerProcess(group, topic);
      const begun: string[] = [];
      const ended: string[] = [];
      const exited = new Promise((resolve) => child.once("exit", resolve));
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      lines.on("line", (line) => {
        const [word, value = ""] = line.split(" ");
        (word === "begin" ? begun : ended).push(value);
        if (ended.length === 30) child.kill("SIGKILL");
      });
      await exited;
      expect(child.signalCode).toBe("SIGKILL");
      const { seen } = collect(log, group);
      await until(() => new Set([...ended, ...seen]).size === 200, "everything arrives");
      expect(begun.filter((value) => !ended.includes(value) && !seen.includes(value))).toEqual([]);
    });

    test("a message that keeps failing is set aside after its attempts, and the others move on meanwhile", async () => {
      const log = await open();
      const attempts: number[] = [];
      await publishNumbers(log, 0, 40, (n) => `key ${n}`);
      let seenAtLastAttempt = 0;
      const { seen } = collect(log, group, {
        attempts: 3,
        backoffMs: 100,
        async handler(received) {
          if (text(received) !== "7") return;
          attempts.push(received.attempt);
          seenAtLastAttempt = seen.length;
          throw new Error("cannot be handled");
        },
      });
      await until(async () => (await fixture.deadLetters(group, topic)).length === 1, "the message is set aside");
      expect(seenAtLastAttempt).toBe(39);
      await publishNumbers(log, 40, 41);
      await until(() => seen.includes("40"), "later messages arrive");
      expect(attempts).toEqual([1, 2, 3]);
      expect(sorted(seen)).toEqual(range(0, 41).filter((n) => n !== "7"));
      expect(await fixture.deadLetters(group, topic)).toMatchObject([
        { key: "key 7", attempts: 3, reason: expect.stringContaining("cannot be handled") },
      ]);
    });

    test("a message that can never be handled is set aside at once", async () => {
      const log = await open();
      await publishNumbers(log, 0, 3);
      const { seen } = collect(log, group, {
        async handler(received) {
          if (text(received) === "1") throw new PoisonEventError("not an order");
        },
      });
      await until(() => seen.includes("2"), "the message behind it arrives");
      expect(seen).toEqual(["0", "2"]);
      expect(await fixture.deadLetters(group, topic)).toMatchObject([{ attempts: 1 }]);
    });

    test("a message that fails for a while holds back those of its key only", async () => {
      const log = await open();
      await log.publish([event("a", "a1"), event("a", "a2"), event("b", "b1"), event("b", "b2")]);
      let failures = 3;
      const { seen } = collect(log, group, {
        async handler(received) {
          if (text(received) === "a1" && failures-- > 0) throw new Error("not yet");
        },
      });
      await until(() => seen.length === 4, "all arrive");
      expect(seen).toEqual(["b1", "b2", "a1", "a2"]);
    });

    test("a handler that takes its time holds up no other key", async () => {
      const log = await open();
      await publishNumbers(log, 0, 20, (n) => `key ${n}`);
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { seen } = collect(log, group, {
        handler: (received) => (text(received) === "0" ? released : Promise.resolve()),
      });
      await until(() => seen.length === 19, "the others are handled");
      release();
      await until(() => seen.length === 20, "the slow one is handled");
    });

    test("a broker that goes away and comes back needs no restart, and loses nothing", async () => {
      const log = await open();
      const { seen, consumer } = collect(log, group);
      await publishNumbers(log, 0, 20);
      await until(() => seen.length >= 20, "the first arrive");
      for (let round = 1; round <= 3; round++) {
        await fixture.interrupt();
        await until(
          () =>
            publishNumbers(log, round * 20, round * 20 + 20).then(
              () => true,
              () => false,
            ),
          "publishing works again",
        );
      }
      await until(() => new Set(seen).size === 80, "everything arrives");
      expect(consumer.isConnected()).toBe(true);
    });

    test("a broker that goes away while messages are handled: order is kept, nothing runs beside itself", async () => {
      const log = await open();
      let running = 0;
      let most = 0;
      const { seen } = collect(log, group, {
        async handler() {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 10));
          running--;
        },
      });
      await publishNumbers(log, 0, 60);
      await until(() => seen.length >= 10, "work is under way");
      await fixture.interrupt();
      await until(() => seen.includes("59"), "everything arrives");
      expect(most).toBe(1);
      expect(new Set(seen).size).toBe(60);
    });
  });
}
