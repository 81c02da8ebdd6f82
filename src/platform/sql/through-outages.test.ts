import { expect, test } from "vitest";
import { throughOutages } from "./through-outages.ts";

const away = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });

/** Does this, one after the other, and is stopped then: what was told. */
async function toldOf(...steps: readonly ((works: () => void) => void)[]): Promise<string[]> {
  const stop = new AbortController();
  const told: string[] = [];
  const left = [...steps];
  await throughOutages({
    signal: stop.signal,
    maxPauseMs: 1,
    tell: (level) => told.push(level),
    work: async (works) => {
      const step = left.shift();
      if (left.length === 0) stop.abort();
      step?.(works);
    },
  });
  expect(left).toEqual([]);
  return told;
}

const succeeds = () => {};
const fails = () => {
  throw new Error("a defect");
};
const meetsNoStore = () => {
  throw away;
};
const losesStore = (works: () => void) => {
  works();
  throw away;
};

test("a store that stays away is told once, and once more when it has been back", async () => {
  expect(await toldOf(meetsNoStore, meetsNoStore, meetsNoStore, succeeds, meetsNoStore, succeeds)).toEqual([
    "error",
    "debug",
    "debug",
    "error",
  ]);
});

test("a store that is lost in the middle of work is another outage", async () => {
  expect(await toldOf(losesStore, meetsNoStore, losesStore, succeeds)).toEqual(["error", "debug", "error"]);
});

test("every other failure is told, but none of a stop", async () => {
  expect(await toldOf(fails, fails, fails)).toEqual(["error", "error"]);
});
