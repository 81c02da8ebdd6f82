import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const cartErrors = defineErrors({
  QUANTITY_OUT_OF_RANGE: {
    code: Code.InvalidArgument,
    meaning: "The cart would hold less than nothing, or too many pieces, of the product. The cart is as before.",
  },
  CART_FULL: {
    code: Code.FailedPrecondition,
    meaning: "The cart holds as many different products as it can. The cart is as before.",
  },
  CART_STORE_UNREACHABLE: {
    code: Code.FailedPrecondition,
    isFailure: true,
    meaning: "The store of carts refuses the connection. The cart is as before.",
  },
});
