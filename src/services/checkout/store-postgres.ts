import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SendOrderConfirmationRequestSchema } from "../../../gen/oteldemo/email_pb.ts";
import { OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import type { Database } from "../../platform/sql/database.ts";
import type { OrderState, StoredOrder } from "./order.ts";
import { lockClass } from "./process-lock.ts";
import type { OrderStore } from "./store.ts";

/** Migrations of the schema that {@link postgresOrderStore} needs. */
export const orderMigrations = new URL("./migrations/", import.meta.url);

/** The outbox topic of confirmations to send. */
export const confirmationsTopic = "confirmations";

/** Longer than any call that moves an order on lasts, in seconds. */
const longestCallSeconds = 30;
/** Longest wait before an order is taken up again, in seconds. */
const longestWaitSeconds = 60;

/**
 * Orders in PostgreSQL.
 *
 * @param options.owner the number of this process, see ProcessLock
 * @param options.topic the topic of placed orders
 */
export function postgresOrderStore(options: {
  readonly database: Database;
  readonly owner: number;
  readonly topic: string;
}): OrderStore {
  const { database, owner, topic } = options;
  const { sql } = database;

  return {
    async findByKey(userId, key) {
      const [row] = await sql<Row[]>`select * from orders where user_id = ${userId} and idempotency_key = ${key}`;
      return row && orderOf(row);
    },
    async create(order) {
      const { count } = await sql`
        insert into orders (order_id, user_id, idempotency_key, request_hash, state, owner, email, result,
          total_currency_code, total_nanos, propagated)
        values (${order.orderId}, ${order.userId}, ${order.key ?? null}, ${order.requestHash}, 'pending', ${owner},
          ${order.email}, ${toBinary(OrderResultSchema, order.result)}, ${order.total.currency},
          ${order.total.nanos.toString()}, ${sql.json({ ...order.propagated })})
        on conflict (user_id, idempotency_key) do nothing`;
      return count === 1;
    },
    async releaseKey(orderId) {
      await sql`update orders set idempotency_key = null where order_id = ${orderId} and state = 'refunded'`;
    },
    async charged(orderId, receipt) {
      const { count } = await sql`
        update orders set state = 'charged', updated_at = now(), transaction_id = ${receipt.transactionId},
          card_fingerprint = ${receipt.cardFingerprint}, card_country = ${receipt.cardCountry}
        where order_id = ${orderId} and state = 'pending' and owner = ${owner}`;
      return count === 1;
    },
    async declined(orderId, failure) {
      const { count } = await sql`
        update orders set state = 'declined', updated_at = now(),
          failure_reason = ${failure.reason}, failure_message = ${failure.message}
        where order_id = ${orderId} and state = 'pending' and owner = ${owner}`;
      return count === 1;
    },
    async refunding(orderId, failure) {
      const { count } = await sql`
        update orders set state = 'refunding', updated_at = now(), next_attempt_at = now(),
          failure_reason = ${failure.reason}, failure_message = ${failure.message}
        where order_id = ${orderId} and state in ('pending', 'charged') and owner = ${owner}`;
      return count === 1;
    },
    async refunded(orderId) {
      const { count } = await sql`
        update orders set state = 'refunded', updated_at = now()
        where order_id = ${orderId} and state = 'refunding' and owner = ${owner}`;
      return count === 1;
    },
    async placed(order, trackingId) {
      const result = create(OrderResultSchema, { ...order.result, shippingTrackingId: trackingId });
      const bytes = toBinary(OrderResultSchema, result);
      const confirmation =
        order.email === ""
          ? null
          : toBinary(
              SendOrderConfirmationRequestSchema,
              create(SendOrderConfirmationRequestSchema, { email: order.email, order: result }),
            );
      // One statement is one transaction and one round trip.
      const { count } = await sql`
        with placed as (
          update orders set state = 'placed', updated_at = now(), placed_at = now(), result = ${bytes}
          where order_id = ${order.orderId} and state = 'charged' and owner = ${owner}
          returning order_id),
        event as (
          insert into outbox (topic, key, value, headers)
          select ${topic}, order_id, ${bytes}, ${sql.json(eventHeaders(order))} from placed),
        confirmation as (
          insert into outbox (topic, key, value, headers)
          select ${confirmationsTopic}, order_id, ${confirmation}::bytea, ${sql.json({ ...order.propagated })} from placed
          where ${confirmation !== null})
        select from placed`;
      return count === 1;
    },
    async takeOver(limit) {
      const rows = await sql<Row[]>`
        update orders set owner = ${owner}, attempts = attempts + 1, updated_at = now(),
          next_attempt_at = now() + least(power(2, attempts), ${longestWaitSeconds}) * interval '1 second'
        where order_id in (
          select order_id from orders
          where state in ('pending', 'charged', 'refunding') and (
            -- What lies further ahead than anything can was written before the clock was put back.
            next_attempt_at <= now() or next_attempt_at > now() + ${longestWaitSeconds} * interval '1 second'
            or next_attempt_at is null and (
              abs(extract(epoch from now() - updated_at)) > ${longestCallSeconds}
              or not exists (
                select from pg_locks
                where locktype = 'advisory' and classid = ${lockClass} and objid = orders.owner and objsubid = 2 and granted)))
          order by updated_at limit ${limit} for update skip locked)
        returning *`;
      return rows.map(orderOf);
    },
    async findPlaced(orderId, userId) {
      const [row] = await sql<Row[]>`
        select * from orders where order_id = ${orderId} and user_id = ${userId} and state = 'placed'`;
      return row && orderOf(row);
    },
    async listPlaced(userId, limit) {
      const rows = await sql<Row[]>`
        select * from orders where user_id = ${userId} and state = 'placed' order by placed_at desc limit ${limit}`;
      return rows.map(orderOf);
    },
    isReachable: () => database.isReachable(),
  };
}

/**
 * Beside what the OpenTelemetry Demo sends: who ordered, and what is known of the card, for fraud detection, because
 * OrderResult holds neither.
 */
function eventHeaders(order: StoredOrder): Record<string, string> {
  return {
    ...order.propagated,
    "orrery-user-id": order.userId,
    "orrery-card-fingerprint": order.receipt?.cardFingerprint ?? "",
    "orrery-card-country": order.receipt?.cardCountry ?? "",
  };
}

function orderOf(row: Row): StoredOrder {
  return {
    orderId: row.order_id,
    userId: row.user_id,
    email: row.email,
    result: fromBinary(OrderResultSchema, row.result),
    total: { currency: row.total_currency_code, nanos: BigInt(row.total_nanos) },
    state: row.state,
    requestHash: row.request_hash,
    propagated: row.propagated,
    placedAt: row.placed_at ?? undefined,
    receipt:
      row.transaction_id === null
        ? undefined
        : {
            transactionId: row.transaction_id,
            cardFingerprint: row.card_fingerprint ?? "",
            cardCountry: row.card_country ?? "",
          },
    failure:
      row.failure_reason === null
        ? undefined
        : { reason: row.failure_reason, message: row.failure_message ?? row.failure_reason },
  };
}

interface Row {
  readonly order_id: string;
  readonly user_id: string;
  readonly request_hash: Buffer;
  readonly state: OrderState;
  readonly email: string;
  readonly result: Buffer;
  readonly total_currency_code: string;
  readonly total_nanos: string;
  readonly propagated: Readonly<Record<string, string>>;
  readonly transaction_id: string | null;
  readonly card_fingerprint: string | null;
  readonly card_country: string | null;
  readonly failure_reason: string | null;
  readonly failure_message: string | null;
  readonly placed_at: Date | null;
}
