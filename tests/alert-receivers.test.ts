import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { OrreryProcess } from "./orrery-process.ts";

async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-receivers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "mine");
}

it("are written where nobody else comes by, in a file that a container can read", async () => {
  const folder = await ownFolder();
  const url = "https://hooks.example/orders";
  const program = new OrreryProcess(["render", "--receivers", folder], { ALERT_SLACK_URL_ORDERS: url });
  const [, path = ""] = await program.says(/^(.*) written$/m);
  expect(await readFile(path, "utf8")).toContain(url);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o644);
});

it.each([
  [{}, "Set ALERT_SLACK_URL or another variable of otel/alertmanager/receivers.env: nobody is to be told."],
  [
    { ALERT_EMAIL_TO: "ops@shop.example" },
    "ALERT_EMAIL_TO needs ALERT_EMAIL_SERVER, such as mail.example.com:587, and ALERT_EMAIL_FROM.",
  ],
])("that are not all there are one line, and write nothing: %j", async (environment, complaint) => {
  const folder = await ownFolder();
  const program = new OrreryProcess(["render", "--receivers", folder], environment);
  expect(await program.fails()).toEqual([complaint]);
  await expect(stat(folder)).rejects.toThrow("ENOENT");
});
