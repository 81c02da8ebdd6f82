import { trace } from "@opentelemetry/api";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { RecommendationService } from "../../../gen/oteldemo/recommendation_pb.ts";
import { attribute, metric } from "../../../gen/telemetry/registry.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { recommendationFaults } from "./faults.ts";
import { decodeProductIds, recommend } from "./recommend.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const catalog = context.client(ProductCatalogService, { timeoutMs: 3_000 });
  const faults = recommendationFaults(context);
  const { demoRecommendationRequests: recommended } = metric;
  const recommendations = context.telemetry.meter.createCounter(recommended.name, recommended);
  return {
    routes: [
      route(RecommendationService, {
        async listRecommendations({ productIds }) {
          const idsFromCatalog = async () => {
            const { products } = await catalog.listProducts({});
            return products.map(({ id }) => id);
          };
          await faults.beforeRecommending(idsFromCatalog);
          const all = await faults.productIds(idsFromCatalog);
          const given = [...recommend(all, decodeProductIds(productIds))];
          recommendations.add(given.length, { [attribute.recommendationType]: "catalog" });
          trace.getActiveSpan()?.setAttribute(attribute.demoProductRecommendedCount, given.length);
          return { productIds: given };
        },
      }),
    ],
    stop: async () => faults.stop(),
  };
}
