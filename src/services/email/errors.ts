import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const emailErrors = defineErrors({
  ORDER_INVALID: {
    code: Code.InvalidArgument,
    meaning: "The order has no proper id, tracking id or currency, so no confirmation can be written.",
  },
});
