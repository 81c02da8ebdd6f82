import { afterAll, beforeAll, expect, it } from "vitest";
import type { FlagSource } from "../../src/platform/flags/flag-source.ts";
import { flagSync } from "../../src/platform/flags/flag-sync.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { TestFlags } from "./test-flags.ts";

let flags: TestFlags;
let environment: Readonly<Record<string, string>>;
let source: FlagSource;
const told: string[] = [];

beforeAll(async () => {
  flags = await TestFlags.make();
  const syncPort = await freePort();
  environment = { FLAGD_PORT: "0", FLAGD_OFREP_PORT: "0", FLAGD_SYNC_PORT: String(syncPort), ...flags.environment };
  const log = createLogger({
    level: "info",
    destination: { write: (line) => void told.push(JSON.parse(line).message) },
  });
  source = flagSync(`http://127.0.0.1:${syncPort}`, log);
});
afterAll(async () => {
  await source?.close();
  await flags?.remove();
});

const failure = () => source.set.core.resolveNumberEvaluation("paymentFailure", 0).value;

it("flags are at rest before flagd is there, follow it, rest while it is away, and follow again", async () => {
  expect(failure()).toBe(0);
  await flags.set("paymentFailure", "25%");
  const first = new OrreryProcess(["serve", "flagd"], environment);
  await eventually(() => expect(failure()).toBe(0.25), 20_000);
  await flags.set("paymentFailure", "50%");
  await eventually(() => expect(failure()).toBe(0.5), 20_000);

  await first.kill();
  await eventually(() => expect(failure()).toBe(0), 20_000);
  await flags.set("paymentFailure", "75%");
  const second = new OrreryProcess(["serve", "flagd"], environment);
  await eventually(() => expect(failure()).toBe(0.75), 20_000);
  await second.terminate();
  expect(told.filter((line) => /does not answer/.test(line)).length).toBeGreaterThan(0);
  expect(told.filter((line) => /answers now/.test(line)).length).toBeGreaterThan(0);
}, 90_000);
