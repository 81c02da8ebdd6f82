import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBooksAgree } from "../books.ts";
import { Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";

let flags: TestFlags;
let shop: TestShop;
beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ environment: flags.environment });
});
afterAll(async () => {
  await shop.stop();
  await flags.remove();
});

async function order(): Promise<string> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight);
  const { status, body } = await customer.checksOut();
  expect(status).toBe(200);
  return body.orderId;
}

/** How often an order was published, and with how many different marks of a copy. */
async function published(orderId: string) {
  const [row] = await shop.sql`
    select count(*)::int as messages, count(distinct headers ->> 'orrery-copy')::int as marks,
      count(distinct value)::int as contents
    from events.log where key = ${orderId}`;
  return row;
}

async function lag(group: string): Promise<number> {
  const [row] = await shop.sql<{ lag: number }[]>`
    select (topics.next_offset - group_offsets.next_offset)::int as lag
    from events.topics join events.group_offsets using (topic) where consumer_group = ${group}`;
  return row?.lag ?? 0;
}

describe("kafkaQueueProblems", () => {
  it("publishes each order a hundred times more; one consumer falls behind, and every order is booked once", async () => {
    const before = await order();
    await expectBooksAgree(shop.sql);
    const during = await flags.during(shop.url, "kafkaQueueProblems", "on", async () => {
      const orderId = await order();
      await eventually(async () => {
        expect(await published(orderId)).toEqual({ messages: 101, marks: 100, contents: 1 });
        expect(await lag("accounting")).toBe(0);
      });
      expect(await lag("fraud-detection")).toBeGreaterThan(50);
      return orderId;
    });
    await eventually(async () => expect(await lag("fraud-detection")).toBe(0), 20_000);
    const after = await order();
    const orders = await expectBooksAgree(shop.sql);
    expect(orders.map(({ order_id, booked, verdicts }) => ({ order_id, booked, verdicts }))).toEqual(
      [before, during, after].map((order_id) => ({ order_id, booked: 1, verdicts: 1 })),
    );
    for (const orderId of [before, after]) expect(await published(orderId)).toMatchObject({ messages: 1, marks: 0 });
  });
});
