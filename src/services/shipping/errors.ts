import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const shippingErrors = defineErrors({
  QUANTITY_OUT_OF_RANGE: {
    code: Code.InvalidArgument,
    meaning: "A quantity is less than zero.",
  },
});
