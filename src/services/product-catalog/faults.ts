import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { productCatalogErrors } from "./errors.ts";

export type ProductCatalogFaults = ReturnType<typeof productCatalogFaults>;

/** What the flags of product-catalog break. */
export function productCatalogFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    /** How much longer a query takes, in seconds. */
    querySeconds: () => flags.value("catalogSlowQueries", 0),
    /** Whether each call reads for itself. */
    isUncached: () => flags.value("catalogCacheStampede", false),
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
