import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const productCatalogErrors = defineErrors({
  PRODUCT_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no product of that id.",
  },
});
