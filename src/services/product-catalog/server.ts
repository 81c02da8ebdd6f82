import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { productCatalogFaults } from "./faults.ts";
import { productCatalogHandlers } from "./handlers.ts";
import { postgresProductStore, productMigrations } from "./store-postgres.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const faults = productCatalogFaults(context);
  const database = await context.database({ migrations: productMigrations, poolSize: 4 });
  const store = postgresProductStore(database, faults.querySeconds);
  return {
    routes: [route(ProductCatalogService, productCatalogHandlers(store, faults))],
    isReady: () => store.isReachable(),
  };
}
