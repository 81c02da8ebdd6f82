import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../src/platform/lifecycle/free-port.ts";
import { OrreryProcess } from "./orrery-process.ts";

const program = join(import.meta.dirname, "../src/health.ts");
const ask = (...ports: readonly number[]) => promisify(execFile)(process.execPath, [program, ...ports.map(String)]);

let port: number;
let currency: OrreryProcess;
beforeAll(async () => {
  port = await freePort();
  currency = new OrreryProcess(["serve", "currency"], { CURRENCY_PORT: String(port) });
  await currency.says(/"Listening"/);
});
afterAll(() => currency.kill());

it("succeeds when what listens on the ports can serve", async () => {
  expect(await ask(port, port)).toMatchObject({ stderr: "" });
});

it("fails, and says which port does not answer", async () => {
  const nobody = await freePort();
  await expect(ask(port, nobody)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^Port ${nobody} does not answer: connect ECONNREFUSED.*\\n$`)),
  });
});
