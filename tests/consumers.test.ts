import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OrderResultSchema } from "../gen/oteldemo/order_pb.ts";
import { expectBooksAgree } from "./books.ts";
import { Customer, flashlight, home } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { startShop, type TestShop } from "./shop.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop({ environment: { LOG_LEVEL: "silent" } });
});
afterAll(() => shop.stop());

/** Appends to the topic as a relay does that cannot know whether it did so before. */
async function publish(value: Uint8Array, key: string = randomUUID(), headers: Readonly<Record<string, string>> = {}) {
  await shop.sql.begin(async (tx) => {
    await tx`
      with reserved as (
        insert into events.topics (topic, next_offset) values ('orders', 1)
        on conflict (topic) do update set next_offset = events.topics.next_offset + 1
        returning next_offset - 1 as "offset")
      insert into events.log (topic, "offset", key, value, headers)
      select 'orders', "offset", ${key}, ${Buffer.from(value)}, ${tx.json(headers)} from reserved`;
  });
}

async function placeOrder(): Promise<string> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 2);
  return (await customer.checksOut()).body.orderId;
}

async function countOf(orderId: string) {
  const [row] = await shop.sql<{ booked: number; lines: number; scored: number }[]>`
    select (select count(*)::int from accounting."order" where order_id = ${orderId}) as booked,
      (select count(*)::int from accounting.orderitem where order_id = ${orderId}) as lines,
      (select count(*)::int from fraud_detection.verdicts where order_id = ${orderId}) as scored`;
  return row;
}

/** Waits until an order is booked and scored, once. */
async function taken(orderId: string): Promise<void> {
  await eventually(async () => expect(await countOf(orderId)).toEqual({ booked: 1, lines: 1, scored: 1 }));
}

/** Waits until both groups have passed all that was published so far. */
async function consumed(): Promise<void> {
  await eventually(async () => {
    const groups = await shop.sql`
      select from events.group_offsets join events.topics using (topic)
      where topic = 'orders' and group_offsets.next_offset = topics.next_offset`;
    expect(groups).toHaveLength(2);
  });
}

describe("accounting and fraud detection", () => {
  it("take an order that is delivered again and again as the one that it is", async () => {
    const orderId = await placeOrder();
    await expectBooksAgree(shop.sql);
    const [event] = await shop.sql<{ key: string; value: Buffer; headers: Record<string, string> }[]>`
      select key, value, headers from events.log where key = ${orderId}`;
    for (let copy = 0; copy < 10; copy++) await publish(event?.value ?? Buffer.of(), orderId, event?.headers);
    await consumed();
    await expectBooksAgree(shop.sql);
    expect(await countOf(orderId)).toEqual({ booked: 1, lines: 1, scored: 1 });
  });

  it("set aside what is no order, each with its reason, and go on with the rest", async () => {
    const noise = [Uint8Array.of(0xff, 0xff, 0xff), Uint8Array.of(), new TextEncoder().encode("hello")];
    for (const value of noise) await publish(value);
    await taken(await placeOrder());
    await consumed();
    const letters = await shop.sql<{ consumer_group: string; reason: string; attempts: number }[]>`
      select consumer_group, reason, attempts from events.dead_letters order by consumer_group, "offset"`;
    expect(letters.map((letter) => letter.consumer_group)).toEqual([
      ...noise.map(() => "accounting"),
      ...noise.map(() => "fraud-detection"),
    ]);
    for (const { reason, attempts } of letters) {
      expect(reason).toMatch(/not an OrderResult|has no id/);
      expect(attempts, "no attempt can help").toBe(1);
    }
    await shop.sql`delete from events.dead_letters`;
  });

  it("take orders of another checkout, which tells neither user nor card", async () => {
    const orderId = randomUUID();
    const order = create(OrderResultSchema, {
      orderId,
      shippingTrackingId: randomUUID(),
      shippingCost: { currencyCode: "EUR", units: 8n },
      shippingAddress: home,
      items: [{ item: { productId: flashlight, quantity: 1 }, cost: { currencyCode: "EUR", units: 50n } }],
    });
    await publish(toBinary(OrderResultSchema, order), "");
    await consumed();
    expect(await countOf(orderId)).toEqual({ booked: 1, lines: 1, scored: 1 });
    const [verdict] = await shop.sql`
      select user_id, card_fingerprint, verdict from fraud_detection.verdicts where order_id = ${orderId}`;
    expect(verdict).toEqual({ user_id: null, card_fingerprint: null, verdict: "accept" });
  });

  it.each([
    ["a currency that is none", { shippingCost: { currencyCode: "\0", units: 1n } }],
    [
      "two currencies",
      { items: [{ item: { productId: "A", quantity: 1 }, cost: { currencyCode: "USD", units: 1n } }] },
    ],
    ["an amount that is none", { shippingCost: { currencyCode: "EUR", units: 1n, nanos: -5 } }],
    ["the same product twice", { items: [1, 2].map(() => ({ item: { productId: "A", quantity: 1 } })) }],
    ["a text with a NUL", { shippingTrackingId: "a\0b" }],
  ])("survive an order with %s", async (_, changes) => {
    const orderId = randomUUID();
    const strange = create(OrderResultSchema, {
      orderId,
      shippingTrackingId: randomUUID(),
      shippingCost: { currencyCode: "EUR", units: 8n },
      ...changes,
    });
    await publish(toBinary(OrderResultSchema, strange));
    await taken(await placeOrder());
    await consumed();
  });

  it("find a customer with many orders in a short time worth a look", async () => {
    const customer = new Customer(shop.url);
    for (let order = 0; order < 5; order++) {
      await customer.puts(flashlight);
      await taken((await customer.checksOut()).body.orderId);
    }
    const verdicts = await shop.sql<{ verdict: string; reasons: { rule: string }[] }[]>`
      select verdict, reasons from fraud_detection.verdicts where user_id = ${customer.userId} order by ordered_at`;
    expect(verdicts).toHaveLength(5);
    expect(verdicts.at(-1)?.verdict).not.toBe("accept");
    expect(verdicts.at(-1)?.reasons.map(({ rule }) => rule)).toContain("user-velocity");
  });
});
