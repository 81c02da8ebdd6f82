import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { RecommendationService } from "../../../gen/oteldemo/recommendation_pb.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { decodeProductIds, recommend } from "./recommend.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const catalog = context.client(ProductCatalogService, { timeoutMs: 3_000 });
  return {
    routes: [
      route(RecommendationService, {
        async listRecommendations({ productIds }) {
          const { products } = await catalog.listProducts({});
          const all = products.map(({ id }) => id);
          return { productIds: [...recommend(all, decodeProductIds(productIds))] };
        },
      }),
    ],
  };
}
