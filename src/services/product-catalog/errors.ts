import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const productCatalogErrors = defineErrors({
  PRODUCT_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no product of that id.",
  },
  PRODUCT_UNREADABLE: {
    code: Code.Internal,
    meaning: "The product is there, but cannot be read. Other products can.",
  },
});
