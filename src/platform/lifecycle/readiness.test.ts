import { afterEach, expect, it } from "vitest";
import { eventually } from "../../../tests/eventually.ts";
import { createLogger } from "../logging/logger.ts";
import { type RunningProcess, startProcess } from "./running-process.ts";
import { declareService, type RunningService } from "./service.ts";

let running: RunningProcess | undefined;
afterEach(() => running?.stop());

/** Starts a process with one service, which tells whether it is ready like this. */
async function processWith(isReady: NonNullable<RunningService["isReady"]>): Promise<RunningProcess> {
  const subject = declareService({
    name: "subject",
    summary: "Is ready or not.",
    criticality: "low",
    port: { variable: "SUBJECT_PORT", fallback: 0 },
    rpc: [],
    calls: [],
    load: async () => ({ start: async () => ({ isReady }) }),
  });
  running = await startProcess({
    declarations: [subject],
    run: ["subject"],
    environment: {},
    databases: {
      addressFor: async () => {
        throw new Error("nothing is stored here");
      },
      describe: () => undefined,
      stop: async () => {},
    },
    secret: Buffer.alloc(32),
    log: createLogger({ level: "silent" }),
    host: "127.0.0.1",
    portOf: () => undefined,
    isAllowedOrigin: () => false,
  });
  return running;
}

it("a service is ready while it says so, and never once the process stops", async () => {
  let isReady = false;
  const process = await processWith(() => isReady);
  expect(process.isReady("subject")).toBe(false);
  isReady = true;
  await eventually(() => expect(process.isReady()).toBe(true));
  const stopped = process.stop();
  expect(process.isReady()).toBe(false);
  expect(process.isReady("subject")).toBe(false);
  await stopped;
});

it("a service that fails to tell is not ready, and is asked again", async () => {
  let isBroken = false;
  const process = await processWith(async () => {
    if (isBroken) throw new Error("cannot tell");
    return true;
  });
  expect(process.isReady("subject")).toBe(true);
  isBroken = true;
  await eventually(() => expect(process.isReady("subject")).toBe(false));
  isBroken = false;
  await eventually(() => expect(process.isReady("subject")).toBe(true));
});

it("a service that fails to tell at the start starts all the same", async () => {
  let isBroken = true;
  const process = await processWith(() => {
    if (isBroken) throw new Error("cannot tell");
    return true;
  });
  expect(process.isReady("subject")).toBe(false);
  isBroken = false;
  await eventually(() => expect(process.isReady("subject")).toBe(true));
});
