import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const paymentErrors = defineErrors({
  CARD_INVALID: {
    code: Code.FailedPrecondition,
    meaning: "The card's number or expiry date cannot be right. Nothing was charged; ask for another card.",
  },
  CARD_BRAND_NOT_ACCEPTED: {
    code: Code.FailedPrecondition,
    meaning: "The card is neither VISA nor MasterCard. Nothing was charged; ask for another card.",
  },
  CARD_EXPIRED: {
    code: Code.FailedPrecondition,
    meaning: "The card has expired. Nothing was charged; ask for another card.",
  },
  CHARGE_FAILED: {
    code: Code.Unknown,
    meaning: "The charge failed on our side before anything was charged. It may be tried again.",
  },
  CHARGE_VOIDED: {
    code: Code.FailedPrecondition,
    meaning: "The idempotency key was refunded before it was charged. Nothing was or will be charged under it.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    code: Code.AlreadyExists,
    meaning: "The idempotency key was used for another request. Use a new one.",
  },
  IDEMPOTENCY_KEY_INVALID: {
    code: Code.InvalidArgument,
    meaning: "The idempotency key is longer than 256 characters or not printable ASCII.",
  },
  AMOUNT_NOT_CHARGEABLE: {
    code: Code.InvalidArgument,
    meaning: "The amount is negative, or its currency is not three capital letters.",
  },
});
