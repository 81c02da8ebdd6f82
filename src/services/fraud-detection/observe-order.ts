import { fromBinary } from "@bufbuild/protobuf";
import { OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import { fromMessage, MoneyError, multiply, sum } from "../../domain/money.ts";
import { PoisonEventError, type ReceivedEvent } from "../../platform/events/event-log.ts";
import { countryCode } from "./country.ts";
import type { ObservedOrder } from "./store.ts";

/**
 * Reads an event of a placed order. User and card come in headers that only our checkout sends; without them those
 * facts are unknown.
 *
 * @throws PoisonEventError when there is no order in it
 */
export function observeOrder(event: ReceivedEvent): ObservedOrder {
  try {
    const order = fromBinary(OrderResultSchema, event.value);
    if (order.orderId === "") throw new PoisonEventError("The order has no id");
    const currency = order.shippingCost?.currencyCode ?? order.items[0]?.cost?.currencyCode ?? "";
    const lines = order.items.flatMap(({ item, cost }) =>
      cost === undefined ? [] : [multiply(fromMessage(cost), item?.quantity ?? 0)],
    );
    const shipping = order.shippingCost === undefined ? [] : [fromMessage(order.shippingCost)];
    return {
      orderId: order.orderId,
      userId: event.headers["orrery-user-id"] || undefined,
      cardFingerprint: event.headers["orrery-card-fingerprint"] || undefined,
      cardCountry: event.headers["orrery-card-country"] || undefined,
      addressCountry: countryCode(order.shippingAddress?.country ?? ""),
      total: sum(currency, [...shipping, ...lines]),
      orderedAt: event.publishedAt,
    };
  } catch (cause) {
    if (cause instanceof PoisonEventError) throw cause;
    const what =
      cause instanceof MoneyError
        ? `The order's amounts make no sum: ${cause.message}`
        : "The message is not an OrderResult";
    throw new PoisonEventError(what, { cause });
  }
}
