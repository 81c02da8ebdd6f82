import { randomUUID } from "node:crypto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { SendOrderConfirmationRequestSchema } from "../../../gen/oteldemo/email_pb.ts";
import { OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import { eventually } from "../../../tests/eventually.ts";
import { silentLog, storeDatabase } from "../../../tests/store-database.ts";
import type { StoredOrder } from "./order.ts";
import { lockClass, ProcessLock } from "./process-lock.ts";
import type { NewOrder } from "./store.ts";
import { confirmationsTopic, orderMigrations, postgresOrderStore } from "./store-postgres.ts";

const failure = { reason: "SHIPPING_UNAVAILABLE", message: "It could not be shipped." };
const receipt = { transactionId: "t-1", cardFingerprint: "f00d", cardCountry: "DE" };

async function open() {
  const database = await storeDatabase({ schema: "checkout", migrations: orderMigrations, poolSize: 8 });
  const processes = [new ProcessLock(database.sql, silentLog), new ProcessLock(database.sql, silentLog)] as const;
  const [ours, theirs] = processes.map(({ number: owner }) => postgresOrderStore({ database, owner, topic: "orders" }));
  if (ours === undefined || theirs === undefined) throw new Error("There are two");
  for (const lock of processes) await lock.hold();
  return { sql: database.sql, ours, theirs, ourLock: processes[0], theirLock: processes[1] };
}

function newOrder(changes: Partial<NewOrder> = {}): NewOrder {
  const orderId = randomUUID();
  return {
    orderId,
    userId: "user",
    email: "someone@example.com",
    key: undefined,
    requestHash: Buffer.from("request"),
    result: create(OrderResultSchema, { orderId, items: [{ item: { productId: "A", quantity: 2 } }] }),
    total: { currency: "EUR", nanos: 1_234_567_890_123_456_789n },
    propagated: { traceparent: "00-1-2-01" },
    ...changes,
  };
}

function asStored(order: NewOrder): StoredOrder {
  return { ...order, state: "charged", receipt, failure: undefined, placedAt: undefined };
}

describe("an order", () => {
  it("comes back as it was written", async () => {
    const { ours } = await open();
    const order = newOrder({ key: "key" });
    expect(await ours.create(order)).toBe(true);
    const { key: _, ...kept } = order;
    expect(await ours.findByKey("user", "key")).toEqual({
      ...kept,
      state: "pending",
      receipt: undefined,
      failure: undefined,
      placedAt: undefined,
    });
    expect(await ours.findByKey("other user", "key")).toBeUndefined();
  });

  it("is written once per user and key, and as often as wanted without a key", async () => {
    const { ours, theirs } = await open();
    const stores = [ours, theirs, ours, theirs];
    const created = await Promise.all(stores.map((store) => store.create(newOrder({ key: "key" }))));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await ours.create(newOrder({ key: "key", userId: "other" }))).toBe(true);
    expect(await ours.create(newOrder())).toBe(true);
    expect(await ours.create(newOrder())).toBe(true);
  });

  it("lets go of its key only when it was refunded", async () => {
    const { ours } = await open();
    const order = newOrder({ key: "key" });
    await ours.create(order);
    await ours.releaseKey(order.orderId);
    expect(await ours.create(newOrder({ key: "key" }))).toBe(false);
    await ours.refunding(order.orderId, failure);
    await ours.refunded(order.orderId);
    await ours.releaseKey(order.orderId);
    expect(await ours.create(newOrder({ key: "key" }))).toBe(true);
  });

  it("is moved on by its owner only, and only along its way", async () => {
    const { ours, theirs } = await open();
    const order = newOrder();
    await ours.create(order);
    expect(await theirs.charged(order.orderId, receipt)).toBe(false);
    expect(await theirs.declined(order.orderId, failure)).toBe(false);
    expect(await theirs.refunding(order.orderId, failure)).toBe(false);
    expect(await ours.placed(asStored(order), "tracking")).toBe(false);
    expect(await ours.refunded(order.orderId)).toBe(false);
    expect(await ours.charged(order.orderId, receipt)).toBe(true);
    expect(await ours.charged(order.orderId, receipt)).toBe(false);
    expect(await ours.declined(order.orderId, failure)).toBe(false);
    expect(await theirs.placed(asStored(order), "tracking")).toBe(false);
    expect(await ours.placed(asStored(order), "tracking")).toBe(true);
    expect(await ours.placed(asStored(order), "tracking")).toBe(false);
    expect(await ours.refunding(order.orderId, failure)).toBe(false);
  });

  it("enters the outbox with its event and its confirmation when it is placed, and not otherwise", async () => {
    const { ours, theirs, sql } = await open();
    const order = newOrder();
    await ours.create(order);
    await ours.charged(order.orderId, receipt);
    await theirs.placed(asStored(order), "stolen");
    expect(await sql`select from outbox`).toHaveLength(0);
    await ours.placed(asStored(order), "tracking");
    const [event, confirmation, ...more] = await sql<{ topic: string; key: string; value: Buffer; headers: object }[]>`
      select topic, key, value, headers from outbox order by topic desc`;
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      topic: "orders",
      key: order.orderId,
      headers: {
        traceparent: "00-1-2-01",
        "orrery-user-id": "user",
        "orrery-card-fingerprint": "f00d",
        "orrery-card-country": "DE",
      },
    });
    const placed = create(OrderResultSchema, { ...order.result, shippingTrackingId: "tracking" });
    expect(fromBinary(OrderResultSchema, event?.value ?? Buffer.of())).toEqual(placed);
    expect(confirmation).toMatchObject({ topic: confirmationsTopic, key: order.orderId });
    expect(fromBinary(SendOrderConfirmationRequestSchema, confirmation?.value ?? Buffer.of())).toMatchObject({
      email: "someone@example.com",
      order: placed,
    });
  });

  it("asks for no confirmation without an address to send it to", async () => {
    const { ours, sql } = await open();
    const order = newOrder({ email: "" });
    await ours.create(order);
    await ours.charged(order.orderId, receipt);
    await ours.placed(asStored(order), "tracking");
    expect(await sql`select topic from outbox`).toEqual([{ topic: "orders" }]);
  });

  it("is shown to its user, once it is placed, newest first", async () => {
    const { ours } = await open();
    const [first, second, open_] = [newOrder(), newOrder(), newOrder()];
    for (const order of [first, second, open_]) await ours.create(order);
    for (const order of [first, second]) {
      await ours.charged(order.orderId, receipt);
      await ours.placed(asStored(order), "tracking");
    }
    expect(await ours.findPlaced(first.orderId, "user")).toMatchObject({
      state: "placed",
      receipt,
      total: first.total,
    });
    expect(await ours.findPlaced(first.orderId, "other user")).toBeUndefined();
    expect(await ours.findPlaced(open_.orderId, "user")).toBeUndefined();
    expect((await ours.listPlaced("user", 10)).map(({ orderId }) => orderId)).toEqual([second.orderId, first.orderId]);
    expect(await ours.listPlaced("user", 1)).toHaveLength(1);
  });
});

describe("taking orders over", () => {
  it("leaves those of a living process alone", async () => {
    const { ours, theirs } = await open();
    await theirs.create(newOrder());
    expect(await ours.takeOver(10)).toEqual([]);
  });

  it("gets those of a process that is gone, and shuts that process out", async () => {
    const { ours, theirs, theirLock } = await open();
    const order = newOrder();
    await theirs.create(order);
    await theirLock.release();
    expect(await ours.takeOver(10)).toMatchObject([{ orderId: order.orderId, state: "pending" }]);
    expect(await theirs.charged(order.orderId, receipt)).toBe(false);
    expect(await ours.refunding(order.orderId, failure)).toBe(true);
  });

  it("gets each order for one taker only", async () => {
    const { ours, theirs, theirLock, ourLock, sql } = await open();
    for (let index = 0; index < 20; index++) await theirs.create(newOrder());
    await theirLock.release();
    await ourLock.hold();
    const third = postgresOrderStore({
      database: { sql, isReachable: async () => true, logInAs: async () => {}, close: async () => {} },
      owner: ourLock.number + 1,
      topic: "orders",
    });
    const taken = (await Promise.all([ours.takeOver(15), third.takeOver(15), ours.takeOver(15)])).flat();
    expect(new Set(taken.map(({ orderId }) => orderId)).size).toBe(20);
    expect(taken).toHaveLength(20);
  });

  it("gets those that no call can be working on any more, and waits longer after each failure", async () => {
    const { ours, theirs, sql } = await open();
    await theirs.create(newOrder());
    await sql`update orders set updated_at = now() - interval '31 seconds'`;
    expect(await ours.takeOver(10)).toHaveLength(1);
    expect(await ours.takeOver(10)).toHaveLength(0);
    await sql`update orders set next_attempt_at = now()`;
    expect(await ours.takeOver(10)).toHaveLength(1);
    const [row] = await sql<{ wait: number }[]>`
      select extract(epoch from next_attempt_at - updated_at)::int as wait from orders`;
    expect(row?.wait).toBe(2);
  });

  it("gets those that a clock which was put back would keep waiting", async () => {
    const { ours, theirs, sql } = await open();
    const [stuck, refund] = [newOrder(), newOrder()];
    for (const order of [stuck, refund]) await theirs.create(order);
    await theirs.refunding(refund.orderId, failure);
    await sql`update orders set updated_at = updated_at + interval '2 hours',
      next_attempt_at = next_attempt_at + interval '2 hours'`;
    const taken = await ours.takeOver(10);
    expect(taken.map(({ orderId }) => orderId).sort()).toEqual([stuck.orderId, refund.orderId].sort());
  });

  it("gets refunds that are due at once, and nothing that is final", async () => {
    const { ours, theirs } = await open();
    const [due, declined] = [newOrder(), newOrder()];
    for (const order of [due, declined]) await theirs.create(order);
    await theirs.refunding(due.orderId, failure);
    await theirs.declined(declined.orderId, failure);
    expect(await ours.takeOver(10)).toMatchObject([{ orderId: due.orderId, state: "refunding", failure }]);
    await ours.refunded(due.orderId);
    expect(await ours.takeOver(10)).toEqual([]);
  });
});

describe("the lock that marks a process as alive", () => {
  it("is taken again when its connection was cut", async () => {
    const { ours, theirs, theirLock, sql } = await open();
    await theirs.create(newOrder());
    const held = () => sql<{ pid: number }[]>`
      select pid from pg_locks where locktype = 'advisory' and classid = ${lockClass} and objid = ${theirLock.number}`;
    const [before] = await held();
    await sql`select pg_terminate_backend(${before?.pid ?? 0})`;
    await eventually(async () => expect(await held()).toHaveLength(0));
    await eventually(() => theirLock.hold());
    const [after] = await held();
    expect(after).toBeDefined();
    expect(after?.pid).not.toBe(before?.pid);
    expect(await ours.takeOver(10)).toEqual([]);
  });
});
