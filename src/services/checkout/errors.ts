import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const checkoutErrors = defineErrors({
  CART_EMPTY: {
    code: Code.FailedPrecondition,
    meaning: "The user's cart is empty. Nothing was charged.",
  },
  PRODUCT_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "The cart holds a product that is not sold any more. Nothing was charged; take it out.",
  },
  AMOUNT_OUT_OF_RANGE: {
    code: Code.OutOfRange,
    meaning: "The order costs more than can be written down. Nothing was charged.",
  },
  CARD_DECLINED: {
    code: Code.FailedPrecondition,
    meaning: "The payment service declined the card. Nothing was charged; ask for another card.",
  },
  PAYMENT_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The payment did not come through. Whatever was charged is given back; the order may be placed again.",
  },
  PAYMENT_FAILED: {
    code: Code.Internal,
    meaning: "The payment failed on our side before anything was charged. The order may be placed again.",
  },
  SHIPPING_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The order could not be shipped. What was charged is given back; the order may be placed again.",
  },
  ORDER_IN_PROGRESS: {
    code: Code.Aborted,
    meaning: "The order is still being placed. Repeat the call with the same idempotency key to learn how it ended.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    code: Code.AlreadyExists,
    meaning: "The idempotency key was used for another order of the user. Use a new one.",
  },
  IDEMPOTENCY_KEY_INVALID: {
    code: Code.InvalidArgument,
    meaning: "The idempotency key is longer than 256 characters or not printable ASCII.",
  },
  ORDER_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "The user has no such order.",
  },
});
