import { closeSync, existsSync, openSync } from "node:fs";
import { expect, it } from "vitest";
import { descriptorLimit, openDescriptors } from "./descriptors.ts";

it.runIf(existsSync("/dev/fd"))("counts what is open now, and no more when it is closed", async () => {
  const before = (await openDescriptors()) ?? 0;
  const opened = Array.from({ length: 200 }, () => openSync("/dev/null", "r"));
  const meanwhile = (await openDescriptors()) ?? 0;
  for (const each of opened) closeSync(each);
  const afterwards = (await openDescriptors()) ?? 0;
  // The test's own machinery opens and closes some at any time.
  expect(meanwhile - before).toBeGreaterThan(150);
  expect(afterwards - before).toBeLessThan(50);
});

it.runIf(existsSync("/proc/self/limits"))("knows how many may be open", async () => {
  expect(descriptorLimit()).toBeGreaterThan((await openDescriptors()) ?? 0);
});
