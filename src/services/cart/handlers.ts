import type { ServiceImpl } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import type { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { durationBuckets } from "../../platform/telemetry/buckets.ts";
import { addLine, maxLines, maxQuantity } from "./cart.ts";
import { cartErrors } from "./errors.ts";
import type { CartFaults } from "./faults.ts";
import type { CartStore } from "./store.ts";

export function cartHandlers(
  store: CartStore,
  faults: CartFaults,
  { log, telemetry }: Pick<ServiceContext, "log" | "telemetry">,
): ServiceImpl<typeof CartService> {
  const advice = { explicitBucketBoundaries: durationBuckets };
  const { demoCartAddItemLatency: adding, demoCartGetCartLatency: getting } = metric;
  const addLatency = telemetry.meter.createHistogram(adding.name, { ...adding, advice });
  const getLatency = telemetry.meter.createHistogram(getting.name, { ...getting, advice });

  return {
    async addItem({ userId, item }) {
      await faults.beforeAnything();
      const line = { productId: item?.productId ?? "", quantity: item?.quantity ?? 0 };
      const about = { [attribute.demoProductId]: line.productId, [attribute.demoProductQuantity]: line.quantity };
      trace.getActiveSpan()?.setAttributes(about);
      const begun = performance.now();
      const outcome = await store.update(userId, (cart) => addLine(cart, line));
      addLatency.record((performance.now() - begun) / 1_000);
      switch (outcome.kind) {
        case "changed":
          log.info({ event: event.cartAddItem, ...about }, "Cart changed");
          return {};
        case "full":
          throw rpcError(cartErrors.CART_FULL, `A cart holds at most ${maxLines} different products.`);
        case "quantity-out-of-range":
          throw rpcError(
            cartErrors.QUANTITY_OUT_OF_RANGE,
            `The cart would hold ${outcome.quantity} of product ${line.productId}; it holds 0 to ${maxQuantity}.`,
            { metadata: { productId: line.productId, quantity: String(outcome.quantity) } },
          );
      }
    },
    async getCart({ userId }) {
      await faults.beforeAnything();
      const begun = performance.now();
      const { lines } = await store.get(userId);
      getLatency.record((performance.now() - begun) / 1_000);
      const pieces = lines.reduce((total, { quantity }) => total + quantity, 0);
      trace.getActiveSpan()?.setAttribute(attribute.demoCartItemsCount, pieces);
      return { userId, items: lines.map((line) => ({ ...line })) };
    },
    async emptyCart({ userId }) {
      await faults.beforeAnything();
      await faults.beforeEmptyCart();
      await store.clear(userId);
      log.info({ event: event.cartEmpty }, "Cart emptied");
      return {};
    },
  };
}
