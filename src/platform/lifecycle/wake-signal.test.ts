import { expect, test } from "vitest";
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
