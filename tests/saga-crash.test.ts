import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBooksAgree } from "./books.ts";
import type { FromShop, ToShop } from "./crashing-shop.ts";
import { Customer, flashlight, telescope } from "./customer.ts";

/** Kills at random moments: as many rounds as asked for, with seeds that can be asked for again. */
const rounds = Number(process.env.ORRERY_TEST_CRASHES ?? 3);
const firstSeed = Number(process.env.ORRERY_TEST_SEED ?? Math.floor(Math.random() * 1e9));

let folder: string;
/** The one that runs now; each test kills it and starts the next. */
let shop: ShopProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-crash-"));
  // Started as root, PostgreSQL runs as another user, and keeps its files elsewhere when that user cannot get here.
  await chmod(folder, 0o755);
  shop = await ShopProcess.start();
});
afterAll(async () => {
  try {
    await shop.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A shop in a process of its own, on the folder that outlives it. */
class ShopProcess {
  readonly url: string;
  readonly sql: postgres.Sql;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, { url, database }: FromShop) {
    this.#child = child;
    this.#ended = once(child, "exit");
    this.url = url;
    this.sql = postgres({ ...database, username: "postgres", max: 2, onnotice: () => {} });
  }

  static async start(): Promise<ShopProcess> {
    const child = fork(join(import.meta.dirname, "crashing-shop.ts"), [folder], {
      execPath: process.execPath,
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ready = await Promise.race([
      once(child, "message").then(([message]) => message as FromShop),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`The shop ended with ${code} before it was up`))),
    ]);
    return new ShopProcess(child, ready);
  }

  async tell(message: ToShop): Promise<void> {
    const heard = message.kind === "kill at call" ? once(this.#child, "message") : undefined;
    this.#child.send(message);
    await heard;
  }

  async died(): Promise<void> {
    await this.#ended;
    expect(this.#child.signalCode).toBe("SIGKILL");
    await this.sql.end({ timeout: 1 });
  }

  async stop(): Promise<void> {
    await this.sql.end({ timeout: 1 });
    await this.tell({ kind: "stop" });
    await this.#ended;
    expect(this.#child.exitCode).toBe(0);
  }
}

/** Repeats what a customer's browser would: the same request with the same key, until it is answered for good. */
async function insist(url: string, userId: string): Promise<string> {
  const customer = new Customer(url, userId);
  for (let attempt = 0; attempt < 20; attempt++) {
    const answer = await customer.checksOut({ key: "the one order" });
    if (answer.status === 200) return answer.body.orderId;
    expect(answer.body).toMatchObject({ reason: "ORDER_IN_PROGRESS" });
  }
  throw new Error("The order stayed in progress");
}

describe("a shop that is killed", () => {
  it.each([
    ["Charge", "before", "refunded"],
    ["Charge", "after", "refunded"],
    ["ShipOrder", "before", "placed"],
    ["ShipOrder", "after", "placed"],
    ["EmptyCart", "before", "placed"],
    ["EmptyCart", "after", "placed"],
    ["SendOrderConfirmation", "before", "placed"],
    ["SendOrderConfirmation", "after", "placed"],
  ] as const)("at %s, %s the call, has the order afterwards, %s, and once only", async (rpc, when, state) => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight, 2);
    await customer.puts(telescope, 1);
    await shop.tell({ kind: "kill at call", rpc, when });
    // With the confirmation the answer may be on its way already.
    await customer.checksOut({ key: "the one order" }).catch(() => {});
    await shop.died();

    shop = await ShopProcess.start();
    const recovered = await expectBooksAgree(shop.sql);
    expect(recovered.filter(({ user_id }) => user_id === customer.userId)).toMatchObject([{ state }]);
    const orderId = await insist(shop.url, customer.userId);
    const orders = await expectBooksAgree(shop.sql);
    const placed = orders.filter(({ user_id, state }) => user_id === customer.userId && state === "placed");
    expect(placed).toMatchObject([{ order_id: orderId, charges: 1 }]);
  });

  it.each(Array.from({ length: rounds }, (_, index) => [firstSeed + index, index === 0 ? 100 : 30]))(
    "at a random moment (seed %i) of %i checkouts at once loses and doubles none of them",
    async (seed, count) => {
      const customers = Array.from({ length: count }, () => new Customer(shop.url));
      await Promise.all(customers.map((customer, index) => customer.puts(flashlight, (index % 5) + 1)));
      await shop.tell({ kind: "kill in", ms: random(seed) * count * 6 });
      const answers = await Promise.allSettled(
        customers.map((customer) => customer.checksOut({ key: "the one order" })),
      );
      await shop.died();

      shop = await ShopProcess.start();
      await expectBooksAgree(shop.sql);
      const again = await Promise.all(customers.map(({ userId }) => insist(shop.url, userId)));
      const orders = await expectBooksAgree(shop.sql);
      for (const [index, { userId }] of customers.entries()) {
        const answer = answers[index];
        const placed = orders.filter(({ user_id, state }) => user_id === userId && state === "placed");
        expect(placed.map(({ order_id }) => order_id)).toEqual([again[index]]);
        if (answer?.status === "fulfilled" && answer.value.status === 200) {
          expect(again[index], "an order that was confirmed is the order").toBe(answer.value.body.orderId);
        }
      }
    },
    120_000,
  );
});

/** Uniform in [0, 1), the same for the same seed: the first number of mulberry32. */
function random(seed: number): number {
  let state = (seed + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}
