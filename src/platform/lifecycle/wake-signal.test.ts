import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { periodic } from "./periodic.ts";
import { WakeSignal } from "./wake-signal.ts";

const hour = 3_600_000;

test("a wake that comes before the wait is not lost", async () => {
  const signal = new WakeSignal();
  signal.wake();
  signal.wake();
  await signal.wait(hour);
  const second = signal.wait(20).then(() => "after its time");
  expect(await second).toBe("after its time");
});

test("a wake ends the wait, and leaves no timer behind", async () => {
  const signal = new WakeSignal();
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const waiting = signal.wait(hour);
  signal.wake();
  await waiting;
  expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length).toBe(before);
});

test("periodic work begins at once, outlives its failures, and is brought forward by a wake", async () => {
  const logged: string[] = [];
  const log = createLogger({ level: "error", destination: { write: (line) => void logged.push(line) } });
  let runs = 0;
  const worker = periodic({
    name: "count",
    everyMs: hour,
    log,
    async work() {
      if (++runs === 1) throw new Error("the first time");
    },
  });
  worker.start();
  worker.start();
  await until(() => runs === 1, "the first run");
  worker.wake();
  await until(() => runs === 2, "the second run");
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain("Could not count");
  await worker.stop();
});

test("a stop waits for the work under way, and nothing runs after it", async () => {
  let runs = 0;
  let isDone = false;
  const log = createLogger({ level: "silent" });
  const worker = periodic({
    name: "work",
    everyMs: 1,
    log,
    async work() {
      runs++;
      await sleep(50);
      isDone = true;
    },
  });
  worker.start();
  await worker.stop();
  expect(isDone).toBe(true);
  const after = runs;
  worker.wake();
  await sleep(20);
  expect(runs).toBe(after);
  await periodic({ name: "nothing", everyMs: 1, log, work: async () => {} }).stop();
});
