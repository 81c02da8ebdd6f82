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
  return sql.begin(async (tx) => {
    const { count } = await tx`insert into "order" (order_id) values (${order.orderId}) on conflict do nothing`;
    if (count === 0) return false;
    const { shippingCost: cost, shippingAddress: address } = order;
    await tx`
      insert into shipping (shipping_tracking_id, shipping_cost_currency_code, shipping_cost_units,
        shipping_cost_nanos, street_address, city, state, country, zip_code, order_id)
      values (${order.shippingTrackingId}, ${cost?.currencyCode ?? ""}, ${cost?.units ?? 0n}, ${cost?.nanos ?? 0},
        ${address?.streetAddress ?? null}, ${address?.city ?? null}, ${address?.state ?? null},
        ${address?.country ?? null}, ${address?.zipCode ?? null}, ${order.orderId})`;
    const items = order.items.map(({ item, cost: unit }) => ({
      item_cost_currency_code: unit?.currencyCode ?? "",
      item_cost_units: unit?.units ?? 0n,
      item_cost_nanos: unit?.nanos ?? 0,
      product_id: item?.productId ?? "",
      quantity: item?.quantity ?? 0,
      order_id: order.orderId,
    }));
    if (items.length > 0) await tx`insert into orderitem ${tx(items)}`;
    return true;
  });
}
