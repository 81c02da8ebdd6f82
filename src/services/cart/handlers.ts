import type { ServiceImpl } from "@connectrpc/connect";
import type { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { addLine, maxLines, maxQuantity } from "./cart.ts";
import { cartErrors } from "./errors.ts";
import type { CartStore } from "./store.ts";

export function cartHandlers(store: CartStore): ServiceImpl<typeof CartService> {
  return {
    async addItem({ userId, item }) {
      const line = { productId: item?.productId ?? "", quantity: item?.quantity ?? 0 };
      const outcome = await store.update(userId, (cart) => addLine(cart, line));
      switch (outcome.kind) {
        case "changed":
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
      const { lines } = await store.get(userId);
      return { userId, items: lines.map((line) => ({ ...line })) };
    },
    async emptyCart({ userId }) {
      await store.clear(userId);
      return {};
    },
  };
}
