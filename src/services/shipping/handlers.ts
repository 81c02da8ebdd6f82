import type { Client, ServiceImpl } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import type { CartItem } from "../../../gen/oteldemo/cart_pb.ts";
import type { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import type { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { shippingErrors } from "./errors.ts";
import type { ShippingFaults } from "./faults.ts";
import { countItems, trackingId } from "./shipping.ts";

export function shippingHandlers(
  quotes: Client<typeof QuoteService>,
  faults: ShippingFaults,
  { log, telemetry }: Pick<ServiceContext, "log" | "telemetry">,
): ServiceImpl<typeof ShippingService> {
  const { demoShippingItemsShipped: shipped } = metric;
  const itemsShipped = telemetry.meter.createCounter(shipped.name, shipped);
  return {
    async getQuote({ items }) {
      await faults.beforeQuote();
      const { costUsd } = await quotes.getShippingQuote({ numberOfItems: count(items) });
      if (costUsd === undefined) return {};
      trace.getActiveSpan()?.setAttribute(attribute.demoShippingAmount, Number(costUsd.units) + costUsd.nanos / 1e9);
      return { costUsd };
    },
    async shipOrder({ items, address }, context) {
      const pieces = count(items);
      await faults.beforeShipOrder(address, context);
      const id = trackingId(context.requestHeader.get(idempotencyKeyHeader) || undefined);
      const about = { [attribute.demoShippingItemsCount]: pieces, [attribute.demoShippingTrackingId]: id };
      itemsShipped.add(pieces);
      trace.getActiveSpan()?.setAttributes(about);
      log.info({ event: event.shippingOrderShipped, ...about }, "Goods shipped");
      return { trackingId: id };
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
