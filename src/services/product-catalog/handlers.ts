import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import type { ProductCatalogService, ProductSchema } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { attribute } from "../../../gen/telemetry/registry.ts";
import { toMessage } from "../../domain/money.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { productCatalogErrors } from "./errors.ts";
import type { ProductCatalogFaults } from "./faults.ts";
import type { Product } from "./product.ts";
import { snapshot } from "./snapshot.ts";
import type { ProductStore } from "./store.ts";

/** How old the list of products may be, in milliseconds. */
const maxAgeMs = 1_000;

export function productCatalogHandlers(
  store: ProductStore,
  faults: ProductCatalogFaults,
): ServiceImpl<typeof ProductCatalogService> {
  const read = async () => new Map((await store.list()).map((product) => [product.id, product]));
  const recent = snapshot(read, maxAgeMs);
  const all = async () => ((await faults.isUncached()) ? read() : recent());
  return {
    async listProducts() {
      const products = [...(await all()).values()].map(messageOf);
      trace.getActiveSpan()?.setAttribute(attribute.demoProductCount, products.length);
      return { products };
    },
    async getProduct({ id }) {
      trace.getActiveSpan()?.setAttribute(attribute.demoProductId, id);
      await faults.beforeGetProduct(id);
      const product = (await all()).get(id);
      if (product !== undefined) {
        trace.getActiveSpan()?.setAttribute(attribute.demoProductName, product.name);
        return messageOf(product);
      }
      throw rpcError(productCatalogErrors.PRODUCT_NOT_FOUND, `There is no product ${JSON.stringify(id)}.`, {
        metadata: { productId: id },
      });
    },
    async getProducts({ ids }) {
      for (const id of ids) await faults.beforeGetProduct(id);
      const products = await all();
      return { products: ids.flatMap((id) => products.get(id) ?? []).map(messageOf) };
    },
    async searchProducts({ query }) {
      const results = (await store.search(query)).map(messageOf);
      trace.getActiveSpan()?.setAttribute(attribute.demoProductSearchCount, results.length);
      return { results };
    },
  };
}

function messageOf(product: Product): MessageInitShape<typeof ProductSchema> {
  const { id, name, description, picture, price, categories } = product;
  return { id, name, description, picture, priceUsd: toMessage(price), categories: [...categories] };
}
