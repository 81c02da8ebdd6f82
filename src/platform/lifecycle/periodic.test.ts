import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { periodic } from "./periodic.ts";

const hour = 3_600_000;

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

/** Does this, one after the other, then nothing wrong: what is told at `warn` and above. */
async function toldOf(...steps: readonly (() => void)[]): Promise<string[]> {
  const told: string[] = [];
  const log = createLogger({
    level: "warn",
    destination: {
      write(line) {
        const { severity, message, error } = JSON.parse(line);
        told.push(`${severity} ${message}${error === undefined ? "" : `: ${error.message}`}`);
      },
    },
  });
  const left = [...steps];
  let isDone = false;
  const worker = periodic({
    name: "count",
    everyMs: 1,
    log,
    async work() {
      isDone = left.length === 0;
      left.shift()?.();
    },
  });
  worker.start();
  await until(() => isDone, "all is done");
  await worker.stop();
  return told;
}

const works = () => {};
const fails = (message: string, code?: string) => () => {
  throw Object.assign(new Error(message), code === undefined ? {} : { code });
};
const refused = fails("connect ECONNREFUSED", "ECONNREFUSED");
const gone = fails("connect ENOENT .s.PGSQL.5432", "ECONNRESET");

test("work that fails in the same way again is told once, and once when it works again", async () => {
  const one = fails("no such table");
  const other = fails("no such column");
  expect(await toldOf(works, one, one, other, other, one, works, works, one)).toEqual([
    "ERROR Could not count: no such table",
    "ERROR Could not count: no such column",
    "ERROR Could not count: no such table",
    "WARN It can count again",
    "ERROR Could not count: no such table",
    "WARN It can count again",
  ]);
});

test("a store that is away is one reason, however the attempts to reach it fail", async () => {
  expect(await toldOf(refused, gone, refused, gone)).toEqual([
    "ERROR Could not count: connect ECONNREFUSED",
    "WARN It can count again",
  ]);
});
