import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { ConfigError, text } from "../../platform/config/environment.ts";
import { periodic } from "../../platform/lifecycle/periodic.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { cartHandlers } from "./handlers.ts";
import { cartMigrations, postgresCartStore } from "./store-postgres.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  if (text(context.environment, "VALKEY_ADDR") !== undefined) {
    throw new ConfigError("VALKEY_ADDR is set, but Valkey is not supported yet; unset it, and carts go to PostgreSQL.");
  }
  const store = postgresCartStore(await context.database({ migrations: cartMigrations, poolSize: 6 }));
  return {
    routes: [route(CartService, cartHandlers(store, context))],
    isReady: () => store.isReachable(),
    workers: [
      periodic({ name: "drop expired carts", everyMs: 5 * 60_000, work: () => store.dropExpired(), log: context.log }),
    ],
  };
}
