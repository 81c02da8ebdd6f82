import { existsSync, globSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { describe, expect, it, onTestFinished } from "vitest";
import { expectBooksAgree } from "./books.ts";
import { type ApiAnswer, Customer, flashlight } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { OrreryProcess } from "./orrery-process.ts";

/** libfaketime, which tells a program another time than it is; Debian's package is called the same. */
const [faketime] = [process.env.LIBFAKETIME ?? "", ...globSync("/usr/lib/{*/,}faketime/libfaketime.so.1")].filter(
  (path) => existsSync(path),
);

/** A shop whose clock can be moved while it runs; that of its database stays. */
async function startShop() {
  const folder = await mkdtemp(join(tmpdir(), "orrery-clock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = join(folder, "clock");
  const moveClock = async (by: string) => {
    await writeFile(`${clock}.new`, by);
    await rename(`${clock}.new`, clock);
  };
  await moveClock("+0");
  const shop = new OrreryProcess(["up", "--no-load", "--no-observatory", "--ephemeral", "--port", "0"], {
    LD_PRELOAD: faketime ?? "",
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    // As with a clock that is set, and with every one of older versions of the library.
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
    LOG_LEVEL: "warn",
  });
  onTestFinished(() => shop.kill());
  const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  const [, host = "", port = ""] = await shop.says(/psql -h (\S+) -p (\d+)/);
  const sql = postgres({ host, port: Number(port), database: "astronomy_db", username: "postgres", max: 1 });
  onTestFinished(() => sql.end({ timeout: 1 }));
  return { shop, url, sql, moveClock };
}

describe.skipIf(faketime === undefined)(
  `a shop whose clock is moved${faketime === undefined ? " (libfaketime is not installed)" : ""}`,
  () => {
    it("two hours on and two hours back under load goes on: no order fails, is lost, doubled or stuck", async () => {
      const { shop, url, sql, moveClock } = await startShop();
      const answers: ApiAnswer[] = [];
      let isOver = false;
      const shopper = async () => {
        while (!isOver) {
          const customer = new Customer(url);
          await customer.puts(flashlight);
          answers.push(await customer.checksOut());
        }
      };
      const shoppers = Promise.all(Array.from({ length: 4 }, shopper));
      shoppers.catch(() => {});
      const more = async () => {
        const before = answers.length;
        await eventually(() => expect(answers.length).toBeGreaterThan(before + 25), 20_000);
      };
      await more();
      for (const hours of [2, 0, -2, 0]) {
        await moveClock(`${hours < 0 ? "" : "+"}${hours}h`);
        // The date of an answer is up to a second old.
        await eventually(() => {
          const told = Date.parse(answers.at(-1)?.headers.get("date") ?? "");
          expect((told - Date.now()) / 3_600_000, "the shop's own clock").toBeCloseTo(hours, 0);
        }, 20_000);
        await more();
      }
      isOver = true;
      await shoppers;
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const orders = await expectBooksAgree(sql);
      expect(orders).toHaveLength(answers.length);
      expect(shop.out.split("\n").filter((line) => line.startsWith("{"))).toEqual([]);
      await shop.terminate();
    }, 90_000);
  },
);
