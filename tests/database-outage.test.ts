import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBooksAgree } from "./books.ts";
import { Customer, flashlight } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { startShop, type TestShop } from "./shop.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop({ environment: { LOG_LEVEL: "silent" } });
});
afterAll(() => shop.stop());

/** Ends every session of the services, as a restart of PostgreSQL does. */
async function cutConnections(): Promise<void> {
  await shop.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where backend_type = 'client backend' and usename <> 'postgres'`;
}

async function orderOf(customer: Customer): Promise<string> {
  return eventually(async () => {
    const answer = await customer.checksOut({ key: "once" });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body.orderId;
  }, 20_000);
}

describe("when the services' database connections are cut", () => {
  it("once, at rest, the next customers notice nothing but a moment's wait", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    await cutConnections();
    await orderOf(customer);
    await expectBooksAgree(shop.sql);
  });

  it("again and again under load, errors are clear, no order is lost and none doubled", async () => {
    const customers = Array.from({ length: 40 }, () => new Customer(shop.url));
    await Promise.all(customers.map((customer) => customer.puts(flashlight, 2)));
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        await cutConnections();
        await sleep(40);
      }
    })();
    const answers = await Promise.all(customers.map((customer) => customer.checksOut({ key: "once" })));
    isOver = true;
    await cutting;
    for (const { status, body } of answers) {
      if (status === 200) continue;
      const { reason } = body;
      expect({ status, reason }).toEqual(
        status === 409
          ? { status, reason: "ORDER_IN_PROGRESS" }
          : {
              status: expect.toBeOneOf([503, 504]),
              reason: expect.stringMatching(/_UNAVAILABLE$|^DEADLINE_EXCEEDED$/),
            },
      );
    }
    // Orders whose process lost its mark of life in between are taken up as those of a dead one.
    await shop.sql`
      update checkout.orders set updated_at = now() - interval '1 minute' where state in ('pending', 'charged')`;
    const ids = await Promise.all(customers.map(orderOf));
    const orders = await expectBooksAgree(shop.sql);
    for (const [index, { userId }] of customers.entries()) {
      const placed = orders.filter(({ user_id, state }) => user_id === userId && state === "placed");
      expect(placed.map(({ order_id }) => order_id)).toEqual([ids[index]]);
      const answer = answers[index];
      if (answer?.status === 200) expect(answer.body.orderId).toBe(ids[index]);
    }
  }, 60_000);

  it("the process marks itself as alive again, so that nobody takes its orders away", async () => {
    await cutConnections();
    await eventually(async () => {
      const marks = await shop.sql`
        select from pg_locks where locktype = 'advisory' and classid = ${0x6f726472} and granted`;
      expect(marks).toHaveLength(1);
    });
  });
});
