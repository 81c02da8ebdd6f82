import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type RetentionLimits, removeOldOrders, retentionLimits } from "../src/retention/order-retention.ts";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight } from "./customer.ts";
import { startShop, type TestShop } from "./shop.ts";

/** As long as these say nothing, all orders stay. */
const forEver: RetentionLimits = { syntheticDays: 0, customerDays: 0, maxOrders: 0 };

let shop: TestShop;
let sql: postgres.Sql;
beforeAll(async () => {
  shop = await startShop();
  sql = shop.sql;
});
afterAll(() => shop.stop());

beforeEach(async () => {
  await sql`truncate checkout.orders, checkout.outbox, accounting."order", fraud_detection.verdicts, email.mails,
    payment.charges, payment.refunds cascade`;
});

/** Places an order; its id. */
async function buys({ isSynthetic = true } = {}): Promise<string> {
  const before = await ids();
  const customer = new Customer(shop.url);
  await customer.puts(flashlight);
  const headers = isSynthetic ? { baggage: "synthetic_request=true,session.id=1" } : {};
  expect((await api(shop.url, "/api/checkout", { body: customer.order(), headers })).status).toBe(200);
  const [found] = (await ids()).filter((id) => !before.includes(id));
  return found ?? "";
}

async function ids(): Promise<readonly string[]> {
  return (await sql<{ order_id: string }[]>`select order_id from checkout.orders`).map(({ order_id }) => order_id);
}

async function isOld(orderId: string, days: number): Promise<void> {
  await sql`update checkout.orders
    set created_at = now() - ${days} * interval '1 day', updated_at = now() - ${days} * interval '1 day'
    where order_id = ${orderId}`;
}

const remove = (limits: Partial<RetentionLimits>) => removeOldOrders(sql, { ...forEver, ...limits });

it("an old order leaves all books at once, and the others still agree", async () => {
  const [old, young] = [await buys(), await buys()];
  await expectBooksAgree(sql);
  await isOld(old, 8);
  expect(await remove({ syntheticDays: 7 })).toBe(1);
  expect(await ids()).toEqual([young]);
  await expectBooksAgree(sql);
  const [left] = await sql<{ charges: number; items: number; shipped: number }[]>`
    select (select count(*)::int from payment.charges) as charges,
      (select count(*)::int from accounting.orderitem) as items,
      (select count(*)::int from accounting.shipping) as shipped`;
  expect(left).toEqual({ charges: 1, items: 1, shipped: 1 });
});

it("orders of customers are kept longer than those of a load generator", async () => {
  const [synthetic, customers] = [await buys(), await buys({ isSynthetic: false })];
  await expectBooksAgree(sql);
  for (const id of [synthetic, customers]) await isOld(id, 30);
  await remove({ syntheticDays: 7, customerDays: 90 });
  expect(await ids()).toEqual([customers]);
  await isOld(customers, 91);
  await remove({ syntheticDays: 7, customerDays: 90 });
  expect(await ids()).toEqual([]);
});

it("of more orders than may be kept the oldest go first", async () => {
  const placed = [await buys(), await buys(), await buys()];
  await expectBooksAgree(sql);
  for (const [index, id] of placed.entries()) await isOld(id, 5 - index);
  expect(await remove({ maxOrders: 2 })).toBe(1);
  expect((await ids()).toSorted()).toEqual(placed.slice(1).toSorted());
  await expectBooksAgree(sql);
});

it("as long as there is room for more and no age is set, orders stay", async () => {
  await isOld(await buys(), 400);
  await expectBooksAgree(sql);
  expect(await remove({})).toBe(0);
  expect(await remove({ maxOrders: 2 })).toBe(0);
});

it("no order goes within the time in which its idempotency key holds, however many there are", async () => {
  const placed = [await buys(), await buys()];
  await expectBooksAgree(sql);
  for (const id of placed) await isOld(id, 0.9);
  expect(await remove({ syntheticDays: 1, maxOrders: 1 })).toBe(0);
});

it("an order that somebody still has to do with stays", async () => {
  const [underWay, unannounced, unbooked, unjudged, finished] = [
    await buys(),
    await buys(),
    await buys(),
    await buys(),
    await buys(),
  ];
  await expectBooksAgree(sql);
  for (const id of await ids()) await isOld(id, 400);
  await sql`update checkout.orders set state = 'refunding' where order_id = ${underWay}`;
  await sql`insert into checkout.outbox (topic, key, value, headers, next_attempt_at)
    values ('nobody', ${unannounced}, '', '{}', now() + interval '1 day')`;
  await sql`delete from accounting."order" where order_id = ${unbooked}`;
  await sql`delete from fraud_detection.verdicts where order_id = ${unjudged}`;
  expect(await remove({ syntheticDays: 7 })).toBe(1);
  expect(await ids()).not.toContain(finished);
});

it("many go in small steps, and with them the events that every consumer has passed", async () => {
  const id = await buys();
  await expectBooksAgree(sql);
  await isOld(id, 8);
  await sql`
    insert into checkout.orders (order_id, user_id, request_hash, state, owner, email, result, total_currency_code,
      total_nanos, propagated, created_at, updated_at)
    select 'declined-' || number, 'user', '', 'declined', 0, '', '', 'USD', 0,
      '{"baggage": "synthetic_request=true"}', now() - interval '9 days', now() - interval '9 days'
    from generate_series(1, 450) as number`;
  await sql`update events.log set published_at = now() - interval '9 days'`;
  expect(await remove({ syntheticDays: 7 })).toBe(451);
  const [left] = await sql<{ orders: number; events: number }[]>`
    select (select count(*)::int from checkout.orders) as orders, (select count(*)::int from events.log) as events`;
  expect(left).toEqual({ orders: 0, events: 0 });
});

it("says what a limit may be", () => {
  expect(retentionLimits({})).toEqual({ syntheticDays: 7, customerDays: 90, maxOrders: 100_000 });
  expect(() => retentionLimits({ ORDER_RETENTION_DAYS: "a week" })).toThrow(
    "ORDER_RETENTION_DAYS=a week is not valid: it takes a whole number from 0 to 36500.",
  );
});
