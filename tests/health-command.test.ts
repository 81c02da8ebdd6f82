import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../src/platform/lifecycle/free-port.ts";
import { OrreryProcess } from "./orrery-process.ts";

let port: number;
let currency: OrreryProcess;
beforeAll(async () => {
  port = await freePort();
  currency = new OrreryProcess(["serve", "currency"], { CURRENCY_PORT: String(port) });
  await currency.says(/"Listening"/);
});
afterAll(() => currency.kill());

it("orrery health succeeds when what listens on the ports can serve", async () => {
  const main = join(import.meta.dirname, "../src/main.ts");
  const { stderr } = await promisify(execFile)(process.execPath, [main, "health", String(port), String(port)]);
  expect(stderr).toBe("");
});

it("orrery health fails, and says which port does not answer", async () => {
  const nobody = await freePort();
  const complaints = await new OrreryProcess(["health", String(port), String(nobody)]).fails();
  expect(complaints).toEqual([expect.stringContaining(`Port ${nobody} does not answer: connect ECONNREFUSED`)]);
});
