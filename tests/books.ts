import { fromBinary } from "@bufbuild/protobuf";
import type postgres from "postgres";
import { expect } from "vitest";
import { OrderResultSchema } from "../gen/oteldemo/order_pb.ts";
import { eventually } from "./eventually.ts";

/** An order of checkout beside what the other services' books say about it. */
interface OrderInBooks {
  readonly order_id: string;
  readonly user_id: string;
  readonly state: string;
  readonly idempotency_key: string | null;
  readonly email: string;
  readonly result: Buffer;
  readonly total: string;
  /** Nanos charged and not given back, in the order's currency. */
  readonly paid: string;
  readonly charges: number;
  readonly booked: number;
  readonly mails: number;
  readonly verdicts: number;
  /** `product quantity currency units nanos`, sorted. */
  readonly lines: readonly string[] | null;
}

/** All orders, as every service that has to do with them knows them. */
export function ordersInBooks(sql: postgres.Sql): Promise<readonly OrderInBooks[]> {
  return sql<OrderInBooks[]>`
    select orders.order_id, user_id, state, idempotency_key, email, result, total_nanos::text as total,
      coalesce((select sum(charges.nanos - coalesce(refunds.nanos, 0)) from payment.charges
        left join payment.refunds using (charge_id)
        where charge_key = orders.order_id and outcome = 'charged'
          and charges.currency_code = total_currency_code), 0)::text as paid,
      (select count(*)::int from payment.charges where charge_key = orders.order_id and outcome = 'charged') as charges,
      (select count(*)::int from accounting."order" where order_id = orders.order_id) as booked,
      (select count(*)::int from email.mails where order_id = orders.order_id) as mails,
      (select count(*)::int from fraud_detection.verdicts where order_id = orders.order_id) as verdicts,
      (select array_agg(product_id || ' ' || quantity || ' ' || item_cost_currency_code || ' ' || item_cost_units
          || ' ' || item_cost_nanos order by product_id) from accounting.orderitem
        where order_id = orders.order_id) as lines
    from checkout.orders order by created_at`;
}

/** What is charged and not refunded, and what was ordered, in nanos by currency. Equal, or money was lost. */
export async function ledgerAndOrders(sql: postgres.Sql) {
  const ledger = await sql<{ currency: string; nanos: string }[]>`
    select currency_code as currency, nanos::text from payment.balance where nanos <> 0 order by 1`;
  const orders = await sql<{ currency: string; nanos: string }[]>`
    select total_currency_code as currency, sum(total_nanos)::text as nanos from checkout.orders
    where state = 'placed' group by 1 having sum(total_nanos) <> 0 order by 1`;
  return { ledger: [...ledger], orders: [...orders] };
}

/**
 * Waits until no order is under way and every event and mail is where it belongs, then checks that the books of all
 * services agree to the nano: each placed order is paid, booked, confirmed and scored once, no other is paid for.
 */
export async function expectBooksAgree(
  sql: postgres.Sql,
  options: { readonly withinMs?: number } = {},
): Promise<readonly OrderInBooks[]> {
  const { withinMs = 30_000 } = options;
  await eventually(async () => {
    const [open] = await sql<{ orders: number; outbox: number; unbooked: number; unscored: number }[]>`
      select
        (select count(*)::int from checkout.orders where state in ('pending', 'charged', 'refunding')) as orders,
        (select count(*)::int from checkout.outbox) as outbox,
        (select count(*)::int from checkout.orders where state = 'placed'
          and order_id not in (select order_id from accounting."order")) as unbooked,
        (select count(*)::int from checkout.orders where state = 'placed'
          and order_id not in (select order_id from fraud_detection.verdicts)) as unscored`;
    expect(open).toEqual({ orders: 0, outbox: 0, unbooked: 0, unscored: 0 });
  }, withinMs);

  const { ledger, orders: ordered } = await ledgerAndOrders(sql);
  expect(ledger, "charged - refunded = placed orders").toEqual(ordered);
  const orders = await ordersInBooks(sql);
  for (const order of orders) {
    const isPlaced = order.state === "placed";
    const { lines, result, total, email, ...known } = order;
    expect(known, `order ${order.order_id}`).toMatchObject({
      state: expect.stringMatching(/^(placed|declined|refunded)$/),
      paid: isPlaced ? total : "0",
      booked: isPlaced ? 1 : 0,
      verdicts: isPlaced ? 1 : 0,
      mails: isPlaced && email !== "" ? 1 : 0,
    });
    expect(known.charges).toBeLessThanOrEqual(1);
    if (!isPlaced) continue;
    const asOrdered = fromBinary(OrderResultSchema, result).items.map(
      ({ item, cost }) => `${item?.productId} ${item?.quantity} ${cost?.currencyCode} ${cost?.units} ${cost?.nanos}`,
    );
    expect(lines).toEqual(asOrdered.sort());
  }
  const [strangers] = await sql<{ booked: number; mails: number; verdicts: number; charged: number }[]>`
    select
      (select count(*)::int from accounting."order" where order_id not in (select order_id from checkout.orders))
        as booked,
      (select count(*)::int from email.mails where order_id not in (select order_id from checkout.orders)) as mails,
      (select count(*)::int from fraud_detection.verdicts where order_id not in (select order_id from checkout.orders))
        as verdicts,
      (select count(*)::int from payment.charges where outcome = 'charged'
        and charge_key not in (select order_id from checkout.orders)) as charged`;
  expect(strangers).toEqual({ booked: 0, mails: 0, verdicts: 0, charged: 0 });
  // Where orders go through Kafka, there are no tables of events.
  const [log] = await sql<{ exists: boolean }[]>`select to_regclass('events.dead_letters') is not null as exists`;
  if (log?.exists) expect([...(await sql`select reason from events.dead_letters`)]).toEqual([]);
  return orders;
}
