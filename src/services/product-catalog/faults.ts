import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { productCatalogErrors } from "./errors.ts";

export type ProductCatalogFaults = ReturnType<typeof productCatalogFaults>;

/** What the flags of product-catalog break. */
export function productCatalogFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    async beforeGetProduct(id: string): Promise<void> {
      if (!(await flags.value("productCatalogFailure", false, { product_id: id }))) return;
      throw markRetriesSpent(
        rpcError(productCatalogErrors.PRODUCT_UNREADABLE, `Product ${JSON.stringify(id)} cannot be read.`, {
          metadata: { productId: id },
        }),
      );
    },
  };
}
