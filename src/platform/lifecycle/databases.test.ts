import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { databaseFromEnvironment } from "./databases.ts";

test("what is out of the ordinary with a temporary database is in the log of who uses it", async () => {
  const lines: string[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const databases = databaseFromEnvironment({}, log);
  onTestFinished(() => databases.stop());
  const { host, port } = await databases.addressFor("cart");
  const [pid] = (await readFile(join(host, `.s.PGSQL.${port}.lock`), "utf8")).split("\n");
  process.kill(Number(pid), "SIGKILL");
  await until(() => lines.some((line) => line.includes("PostgreSQL is back")), "the server is back", 15_000);
  expect(lines.filter((line) => line.includes(`PostgreSQL (process ${pid}) has ended by itself`))).toHaveLength(1);
});
