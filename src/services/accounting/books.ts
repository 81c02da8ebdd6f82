import { fromBinary } from "@bufbuild/protobuf";
import { type OrderResult, OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import { PoisonEventError, type ReceivedEvent } from "../../platform/events/event-log.ts";
import type { Database } from "../../platform/sql/database.ts";

/** Migrations of the schema that {@link bookOrder} writes to: the OpenTelemetry Demo's tables. */
export const bookMigrations = new URL("./migrations/", import.meta.url);

/**
 * The order in an event.
 *
 * @throws PoisonEventError when there is none that could be booked
 */
export function orderOf(event: ReceivedEvent): OrderResult {
  let order: OrderResult;
  try {
    order = fromBinary(OrderResultSchema, event.value);
  } catch (cause) {
    throw new PoisonEventError("The message is not an OrderResult", { cause });
  }
  if (order.orderId === "") throw new PoisonEventError("The order has no id");
  return order;
}

/** Books an order; one that is booked already is left as it is. Returns whether it was new. */
export async function bookOrder({ sql }: Database, order: OrderResult): Promise<boolean> {
  const { shippingCost: cost, shippingAddress: address, items } = order;
  // One statement is one transaction and one round trip.
  const { count } = await sql`
    with booked as (
      insert into "order" (order_id) values (${order.orderId}) on conflict do nothing returning order_id),
    shipped as (
      insert into shipping (shipping_tracking_id, shipping_cost_currency_code, shipping_cost_units,
        shipping_cost_nanos, street_address, city, state, country, zip_code, order_id)
      select ${order.shippingTrackingId}, ${cost?.currencyCode ?? ""}, ${cost?.units ?? 0n}, ${cost?.nanos ?? 0},
        ${address?.streetAddress ?? null}, ${address?.city ?? null}, ${address?.state ?? null},
        ${address?.country ?? null}, ${address?.zipCode ?? null}, order_id
      from booked),
    lines as (
      insert into orderitem (item_cost_currency_code, item_cost_units, item_cost_nanos, product_id, quantity, order_id)
      select line.*, order_id from booked, unnest(
        ${items.map((line) => line.cost?.currencyCode ?? "")}::text[],
        ${items.map((line) => String(line.cost?.units ?? 0n))}::bigint[],
        ${items.map((line) => line.cost?.nanos ?? 0)}::int[],
        ${items.map((line) => line.item?.productId ?? "")}::text[],
        ${items.map((line) => line.item?.quantity ?? 0)}::int[]) as line)
    select from booked`;
  return count === 1;
}
