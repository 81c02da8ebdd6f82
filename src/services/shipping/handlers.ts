import type { Client, ServiceImpl } from "@connectrpc/connect";
import type { CartItem } from "../../../gen/oteldemo/cart_pb.ts";
import type { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import type { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { shippingErrors } from "./errors.ts";
import { countItems, trackingId } from "./shipping.ts";

export function shippingHandlers(quotes: Client<typeof QuoteService>): ServiceImpl<typeof ShippingService> {
  return {
    async getQuote({ items }) {
      const { costUsd } = await quotes.getShippingQuote({ numberOfItems: count(items) });
      return costUsd === undefined ? {} : { costUsd };
    },
    shipOrder({ items }, context) {
      count(items);
      return { trackingId: trackingId(context.requestHeader.get(idempotencyKeyHeader) || undefined) };
    },
  };
}

function count(items: readonly CartItem[]): number {
  const counted = countItems(items);
  if (counted.kind === "counted") return counted.count;
  const { productId, quantity } = counted;
  throw rpcError(
    shippingErrors.QUANTITY_OUT_OF_RANGE,
    `The quantity of product ${productId} is ${quantity}; it must be 0 or more.`,
    { metadata: { productId, quantity: String(quantity) } },
  );
}
