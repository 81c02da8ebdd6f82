import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type OrderResult, OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import { storeDatabase } from "../../../tests/store-database.ts";
import { PoisonEventError } from "../../platform/events/event-log.ts";
import { bookMigrations, bookOrder, orderOf } from "./books.ts";

function order(changes: { orderId?: string; shippingTrackingId?: string } = {}): OrderResult {
  return create(OrderResultSchema, {
    orderId: "order-1",
    shippingTrackingId: "tracking-1",
    shippingCost: { currencyCode: "EUR", units: 26n, nanos: 970_000_000 },
    shippingAddress: { streetAddress: "1 O'Hara St", city: "Z\u00fcrich", state: "", country: "CH", zipCode: "8001" },
    items: [
      { item: { productId: "B", quantity: 2 }, cost: { currencyCode: "EUR", units: 50n, nanos: 490_933_215 } },
      { item: { productId: "A", quantity: 1 }, cost: { currencyCode: "EUR", units: 0n, nanos: 990_000_000 } },
    ],
    ...changes,
  });
}

const open = () => storeDatabase({ schema: "accounting", migrations: bookMigrations });

function event(value: Uint8Array) {
  return { topic: "orders", key: "k", value, headers: {}, offset: 0n, publishedAt: new Date(), attempt: 1 };
}

describe("the books", () => {
  it("hold an order in the tables and columns of the OpenTelemetry Demo", async () => {
    const database = await open();
    expect(await bookOrder(database, order())).toBe(true);
    expect(await database.sql`select * from "order"`).toEqual([{ order_id: "order-1" }]);
    expect(await database.sql`select * from shipping`).toEqual([
      {
        shipping_tracking_id: "tracking-1",
        shipping_cost_currency_code: "EUR",
        shipping_cost_units: 26n,
        shipping_cost_nanos: 970_000_000,
        street_address: "1 O'Hara St",
        city: "Z\u00fcrich",
        state: "",
        country: "CH",
        zip_code: "8001",
        order_id: "order-1",
      },
    ]);
    const line = { item_cost_currency_code: "EUR", order_id: "order-1" };
    expect(await database.sql`select * from orderitem order by product_id`).toEqual([
      { ...line, product_id: "A", quantity: 1, item_cost_units: 0n, item_cost_nanos: 990_000_000 },
      { ...line, product_id: "B", quantity: 2, item_cost_units: 50n, item_cost_nanos: 490_933_215 },
    ]);
  });

  it("hold an order once, however often and at what time it comes", async () => {
    const database = await open();
    const booked = await Promise.all(Array.from({ length: 20 }, () => bookOrder(database, order())));
    expect(booked.filter(Boolean)).toHaveLength(1);
    const [count] = await database.sql`
      select (select count(*)::int from "order") as orders, (select count(*)::int from shipping) as shippings,
        (select count(*)::int from orderitem) as items`;
    expect(count).toEqual({ orders: 1, shippings: 1, items: 2 });
  });

  it("take an order with neither address nor lines", async () => {
    const database = await open();
    expect(await bookOrder(database, create(OrderResultSchema, { orderId: "bare" }))).toBe(true);
    expect(await database.sql`select street_address, shipping_cost_units from shipping`).toEqual([
      { street_address: null, shipping_cost_units: 0n },
    ]);
  });

  it("take no part of an order that cannot be booked whole", async () => {
    const database = await open();
    await bookOrder(database, order());
    const sameTracking = order({ orderId: "order-2" });
    await expect(bookOrder(database, sameTracking)).rejects.toThrow(/shipping/);
    expect(await database.sql`select order_id from "order"`).toEqual([{ order_id: "order-1" }]);
  });
});

describe("an event", () => {
  it("is read as its order", () => {
    expect(orderOf(event(toBinary(OrderResultSchema, order())))).toEqual(order());
  });

  it("that is none is poison", () => {
    expect(() => orderOf(event(Uint8Array.of(0xff, 0xff, 0xff)))).toThrow(PoisonEventError);
    expect(() => orderOf(event(Uint8Array.of()))).toThrow(PoisonEventError);
  });
});
