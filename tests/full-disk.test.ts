import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectBooksAgree } from "./books.ts";
import { type ApiAnswer, api, Customer, flashlight } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { OrreryProcess } from "./orrery-process.ts";
import { noSmallDisk, type SmallDisk, smallDisk } from "./small-disk.ts";

const shoppers = 6;
/** What a shop does again and again in its database: each says once that it cannot, and nothing says so for each call. */
const loops = 8;
/** Longer than any call may take, and far shorter than a hang. */
const patienceMs = 20_000;

let folder: string;
let disk: SmallDisk;
let shop: OrreryProcess;
let url: string;
let sql: postgres.Sql;

beforeEach(async () => {
  if (noSmallDisk !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), "orrery-full-"));
  await chmod(folder, 0o755);
  disk = await smallDisk(join(folder, "postgres"), 192);
  shop = new OrreryProcess(["up", "--no-load", "--no-observatory", "--port", "0", "--data-dir", folder]);
  [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  const [, host = "", port = ""] = await shop.says(/psql -h (\S+) -p (\d+)/);
  await shop.says(/Ctrl-C/);
  sql = postgres({
    host,
    port: Number(port),
    database: "astronomy_db",
    username: "postgres",
    max: 2,
    onnotice: () => {},
  });
});
afterEach(async () => {
  if (noSmallDisk !== undefined) return;
  await sql?.end({ timeout: 1 });
  await shop?.kill();
  await disk?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** One after the other buys something, as long as it goes on; what each was told the first time is kept. */
function shopping() {
  const answers: { readonly customer: Customer; readonly answer: ApiAnswer; readonly tookMs: number }[] = [];
  let isOver = false;
  const one = async () => {
    while (!isOver) {
      const customer = new Customer(url);
      const begun = performance.now();
      const put = await customer.puts(flashlight);
      const answer = put.status === 200 ? await customer.checksOut({ key: "once" }) : put;
      answers.push({ customer, answer, tookMs: performance.now() - begun });
      if (answer.status !== 200) await sleep(50);
    }
  };
  const running = Promise.all(Array.from({ length: shoppers }, one));
  return {
    answers,
    refused: () => answers.filter(({ answer }) => answer.status !== 200),
    async end() {
      isOver = true;
      await running;
    },
  };
}

const isReady = async () =>
  (await api(url, "/grpc.health.v1.Health/Check", { body: { service: "readiness" } })).body.status === "SERVING";

async function expectAllIsWellAgain({ answers, refused }: ReturnType<typeof shopping>): Promise<void> {
  await eventually(async () => expect(await isReady()).toBe(true), 30_000);
  for (const { answer, tookMs } of refused()) {
    const { status, body } = answer;
    const { reason } = body;
    expect({ status, reason }, JSON.stringify(body)).toEqual(
      status === 409
        ? { status, reason: "ORDER_IN_PROGRESS" }
        : { status: expect.toBeOneOf([503, 504]), reason: expect.stringMatching(/_UNAVAILABLE$|^DEADLINE_EXCEEDED$/) },
    );
    expect(tookMs).toBeLessThan(patienceMs);
  }
  // Whoever was refused tries again, as the same order.
  const orderIds = new Map<string, string>();
  for (const { customer, answer } of answers) {
    if (answer.status === 200) orderIds.set(customer.userId, answer.body.orderId);
  }
  // Orders that a failure left half-way are taken up once no call can be working on them any more.
  await eventually(
    () => sql`
      update checkout.orders set updated_at = now() - interval '1 minute' where state in ('pending', 'charged')`,
    30_000,
  );
  for (const { customer } of refused()) {
    const again = await eventually(async () => {
      if (!orderIds.has(customer.userId)) await customer.puts(flashlight);
      const answer = await customer.checksOut({ key: "once" });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer;
    }, 30_000);
    orderIds.set(customer.userId, again.body.orderId);
  }
  const orders = await expectBooksAgree(sql, { withinMs: 60_000 });
  for (const [userId, orderId] of orderIds) {
    const placed = orders.filter(({ user_id, state }) => user_id === userId && state === "placed");
    expect(placed.map(({ order_id }) => order_id)).toEqual([orderId]);
  }
}

const linesOf = (pattern: RegExp) => shop.out.split("\n").filter((line) => pattern.test(line));

describe.skipIf(noSmallDisk !== undefined)(
  `when the disk of the database is full${noSmallDisk === undefined ? "" : ` (${noSmallDisk})`}`,
  () => {
    it("orders are refused with a reason and the log says why once; with room again all goes on by itself", async () => {
      const customers = shopping();
      await eventually(() => expect(customers.answers.length).toBeGreaterThan(30), patienceMs);
      expect(customers.refused()).toEqual([]);
      await disk.fill();
      await eventually(() => expect(customers.refused().length).toBeGreaterThan(30), 60_000);
      await disk.makeRoom();
      const before = customers.answers.length - customers.refused().length;
      await eventually(
        () => expect(customers.answers.length - customers.refused().length).toBeGreaterThan(before + 30),
        60_000,
      );
      await eventually(() => expect(linesOf(/has room on its disk again/)).toHaveLength(1), 60_000);
      await customers.end();
      await expectAllIsWellAgain(customers);
      expect(linesOf(/has no room on its disk/)).toEqual([
        expect.stringMatching(new RegExp(`"ERROR".* its data is in ${disk.path}/cluster.*Make room`)),
      ]);
      expect(linesOf(/does not answer/)).toEqual([]);
      expect(linesOf(/has room on its disk again/)).toHaveLength(1);
      await shop.terminate();
    }, 180_000);

    it("so that PostgreSQL ends, it is started again when there is room, and no order is lost or doubled", async () => {
      const customers = shopping();
      await eventually(() => expect(customers.answers.length).toBeGreaterThan(30), patienceMs);
      await disk.fill();
      // Each switch takes a new file, which there is no room for: PostgreSQL ends all sessions, then itself.
      await eventually(async () => {
        for (let file = 0; file < 4; file++) await sql`select pg_switch_wal()`.catch(() => {});
        expect(linesOf(/has ended by itself/)).not.toEqual([]);
      }, 60_000);
      await eventually(async () => expect(await isReady()).toBe(false));
      const refusedBefore = customers.refused().length;
      await eventually(() => expect(customers.refused().length).toBeGreaterThan(refusedBefore + 10), patienceMs);
      await disk.makeRoom();
      await shop.says(/PostgreSQL is back/);
      await customers.end();
      await expectAllIsWellAgain(customers);
      // It may come back for a moment, in room of its own making.
      const outages = linesOf(/has ended by itself/).length;
      const reasons = linesOf(/started again as soon as/);
      expect(reasons.length).toBeLessThanOrEqual(outages);
      for (const line of reasons) expect(line).toMatch(/No space left|no room on the disk/);
      for (const [message, each] of Map.groupBy(linesOf(/^{.*"ERROR"/), (line) => JSON.parse(line).message)) {
        expect(each.length, message).toBeLessThanOrEqual(loops * outages);
      }
      await shop.terminate();
    }, 180_000);
  },
);
