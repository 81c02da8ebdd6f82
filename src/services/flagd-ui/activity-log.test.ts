import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createLogger } from "../../platform/logging/logger.ts";
import { ActivityLog } from "./activity-log.ts";

async function somePath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-activity-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "activity.jsonl");
}

const log = createLogger({ level: "silent" });
const entry = (to: string) => ({ writer: "page" as const, key: "fault", from: "off", to, note: "" });
const told = (activity: ActivityLog) => activity.latest(1_000).map(({ to }) => to);

it("is there after a restart, newest first, and goes on counting", async () => {
  const path = await somePath();
  const first = await ActivityLog.open(path, log);
  first.add([entry("a"), entry("b")]);
  await first.close();
  const second = await ActivityLog.open(path, log);
  second.add([entry("c")]);
  expect(told(second)).toEqual(["c", "b", "a"]);
  expect(second.latest(3).map(({ id }) => id)).toEqual([3, 2, 1]);
  await second.close();
});

it("keeps the last five hundred, in memory and on disk", async () => {
  const path = await somePath();
  const first = await ActivityLog.open(path, log);
  for (let count = 1; count <= 1_700; count++) first.add([entry(String(count))]);
  await first.close();
  expect((await readFile(path, "utf8")).split("\n").length).toBeLessThanOrEqual(1_001);
  const second = await ActivityLog.open(path, log);
  expect(told(second)).toEqual(Array.from({ length: 500 }, (_, index) => String(1_700 - index)));
  expect(told(first)).toEqual(told(second));
});

it("loses nothing but a line that was cut off", async () => {
  const path = await somePath();
  const first = await ActivityLog.open(path, log);
  first.add([entry("a")]);
  await first.close();
  await appendFile(path, '{"id":2,"timeMs":1,"wri');
  const second = await ActivityLog.open(path, log);
  second.add([entry("b")]);
  await second.close();
  expect(told(await ActivityLog.open(path, log))).toEqual(["b", "a"]);
});

it("goes on in memory where it cannot be written", async () => {
  const path = await somePath();
  await mkdir(path);
  const activity = await ActivityLog.open(path, log);
  activity.add([entry("a")]);
  await activity.close();
  expect(told(activity)).toEqual(["a"]);
});
