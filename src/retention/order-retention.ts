import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { type DatabaseAddress, databaseAddress, type Environment, integer } from "../platform/config/environment.ts";
import { periodic } from "../platform/lifecycle/periodic.ts";
import type { Worker } from "../platform/lifecycle/service.ts";
import type { Logger } from "../platform/logging/logger.ts";

/** How long orders are kept that nobody works on any more. */
export interface RetentionLimits {
  /** Of the orders of synthetic load, in days; 0 keeps them for ever. */
  readonly syntheticDays: number;
  /** Of the orders of everybody else, in days; 0 keeps them for ever. */
  readonly customerDays: number;
  /** Of either kind at most so many; 0 for any number. */
  readonly maxOrders: number;
}

/**
 * Whatever the limits say, an order is kept for so long after the last that happened to it: within this time a call that
 * is repeated with the same idempotency key gets the same answer.
 */
export const idempotencyHours = 24;

/** So many orders go in one transaction, and so many events. */
const batchSize = 200;
const eventBatchSize = 1_000;
/** Customers come first: between two transactions it rests for so long, in milliseconds. */
const restMs = 50;
const everyMs = 10 * 60_000;

export function retentionLimits(environment: Environment): RetentionLimits {
  const days = (name: string, fallback: number) => integer(environment, name, { fallback, min: 0, max: 36_500 });
  return {
    syntheticDays: days("ORDER_RETENTION_DAYS", 7),
    customerDays: days("ORDER_RETENTION_CUSTOMER_DAYS", 90),
    maxOrders: integer(environment, "ORDER_RETENTION_MAX", { fallback: 100_000, min: 0, max: 1_000_000_000 }),
  };
}

/** Where orders are removed in a mesh, as a role that may do so in the schemas of all services; undefined for nowhere. */
export function retentionDatabase(environment: Environment): DatabaseAddress | undefined {
  return databaseAddress(environment, "ORDER_RETENTION_DATABASE");
}

/** Removes old orders again and again, by a connection of its own. It leaves no telemetry: it is no part of the shop. */
export function orderRetention(options: {
  readonly address: DatabaseAddress;
  readonly limits: RetentionLimits;
  readonly log: Logger;
}): Worker {
  const { address, limits, log } = options;
  const stopping = new AbortController();
  const sql = postgres({
    ...address,
    max: 1,
    idle_timeout: 20,
    connect_timeout: 5,
    connection: { application_name: "order-retention", statement_timeout: 10_000, lock_timeout: 1_000 },
    onnotice: () => {},
  });
  const worker = periodic({
    name: "remove old orders",
    everyMs,
    log,
    async work() {
      const removed = await removeOldOrders(sql, limits, stopping.signal);
      if (removed > 0) log.info(`${removed} old orders removed`);
    },
  });
  return {
    start: () => worker.start(),
    async stop() {
      stopping.abort();
      await worker.stop();
      await sql.end({ timeout: 1 });
    },
  };
}

/**
 * Removes finished orders beyond the limits, the oldest first, with all that the services keep of them. Each transaction
 * takes a few orders out of all books at once, so that the books agree at any time. An order stays while anybody has
 * something to do with it: it is under way, an event or a mail of it waits, or it is not yet booked and judged.
 *
 * @returns how many orders are gone
 */
export async function removeOldOrders(
  sql: postgres.Sql,
  limits: RetentionLimits,
  signal = new AbortController().signal,
): Promise<number> {
  const { syntheticDays, customerDays, maxOrders } = limits;
  let removed = 0;
  for (const [isSynthetic, days] of [
    [true, syntheticDays],
    [false, customerDays],
  ] as const) {
    const until = await oldestKept(sql, { isSynthetic, days, maxOrders });
    if (until === undefined) continue;
    for (;;) {
      if (signal.aborted) return removed;
      const count = await removeBatch(sql, { isSynthetic, until });
      removed += count;
      if (count < batchSize) break;
      await sleep(restMs);
    }
    if (isSynthetic) await removeEvents(sql, until, signal);
  }
  return removed;
}

/**
 * Until when orders have to go, as text, which keeps the microseconds; undefined when all may stay. The database's clock
 * decides, for it has dated them.
 */
async function oldestKept(
  sql: postgres.Sql,
  { isSynthetic, days, maxOrders }: { isSynthetic: boolean; days: number; maxOrders: number },
): Promise<string | undefined> {
  const [row] = await sql<{ until: string }[]>`
    select least(until, now() - ${idempotencyHours} * interval '1 hour')::text as until
    from (select greatest(
      case when ${days}::int > 0 then now() - ${days}::int * interval '1 day' end,
      case when ${maxOrders}::bigint > 0 then (
        select created_at from checkout.orders
        where state in ('placed', 'declined', 'refunded') and ${ofKind(sql, isSynthetic)}
        order by created_at desc offset ${maxOrders}::bigint limit 1) end
    ) as until) as beyond
    where until is not null`;
  return row?.until;
}

function removeBatch(
  sql: postgres.Sql,
  { isSynthetic, until }: { isSynthetic: boolean; until: string },
): Promise<number> {
  return sql.begin(async (tx) => {
    const found = await tx<{ order_id: string }[]>`
      select order_id from checkout.orders
      where state in ('placed', 'declined', 'refunded') and ${ofKind(tx, isSynthetic)}
        and created_at <= ${until}::text::timestamptz
        and updated_at < now() - ${idempotencyHours} * interval '1 hour'
        and not exists (select from checkout.outbox where key = order_id)
        and not exists (select from email.mails
          where mails.order_id = orders.order_id and sent_at is null and last_error is not null
            and next_attempt_at > now() - ${idempotencyHours} * interval '1 hour')
        and (state <> 'placed' or (
          exists (select from accounting."order" as booked where booked.order_id = orders.order_id)
          and exists (select from fraud_detection.verdicts where verdicts.order_id = orders.order_id)))
      order by created_at limit ${batchSize} for update skip locked`;
    const ids = found.map(({ order_id }) => order_id);
    if (ids.length === 0) return 0;
    await tx`delete from accounting."order" where order_id = any(${ids})`;
    await tx`delete from fraud_detection.verdicts where order_id = any(${ids})`;
    await tx`delete from email.mails where order_id = any(${ids})`;
    await tx`
      delete from payment.refunds using payment.charges
      where refunds.charge_id = charges.charge_id and charge_key = any(${ids})`;
    await tx`delete from payment.charges where charge_key = any(${ids})`;
    await tx`delete from checkout.orders where order_id = any(${ids})`;
    return ids.length;
  });
}

/** Events that every consumer has passed; with Kafka there is no table of them, and Kafka drops them itself. */
async function removeEvents(sql: postgres.Sql, until: string, signal: AbortSignal): Promise<void> {
  const [log] = await sql<{ exists: boolean }[]>`select to_regclass('events.log') is not null as exists`;
  while (log?.exists && !signal.aborted) {
    const { count } = await sql`
      delete from events.log where ctid = any(array(
        select ctid from events.log
        where published_at <= ${until}::text::timestamptz
          and exists (select from events.group_offsets where group_offsets.topic = log.topic)
          and not exists (select from events.group_offsets
            where group_offsets.topic = log.topic and next_offset <= log."offset")
        limit ${eventBatchSize}))`;
    if (count < eventBatchSize) return;
    await sleep(restMs);
  }
}

/** Load generators say in the baggage of their requests that nobody is behind them. */
function ofKind(sql: postgres.Sql | postgres.TransactionSql, isSynthetic: boolean) {
  return sql`(coalesce(propagated ->> 'baggage', '') like '%synthetic_request=true%') = ${isSynthetic}`;
}
