import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { type ValkeyAddress, valkeyAddress } from "../../platform/config/environment.ts";
import { periodic } from "../../platform/lifecycle/periodic.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { tracedValkey } from "../../platform/telemetry/valkey.ts";
import { openValkey } from "../../platform/valkey/valkey.ts";
import { cartFaults } from "./faults.ts";
import { cartHandlers } from "./handlers.ts";
import type { CartStore } from "./store.ts";
import { cartMigrations, postgresCartStore } from "./store-postgres.ts";
import { valkeyCartStore } from "./store-valkey.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const address = valkeyAddress(context.environment, "VALKEY_ADDR");
  return address === undefined ? onPostgres(context) : onValkey(context, address);
}

async function onPostgres(context: ServiceContext): Promise<RunningService> {
  const store = postgresCartStore(await context.database({ migrations: cartMigrations, poolSize: 6 }));
  return {
    ...serving(store, context),
    workers: [
      periodic({ name: "drop expired carts", everyMs: 5 * 60_000, work: () => store.dropExpired(), log: context.log }),
    ],
  };
}

function onValkey(context: ServiceContext, address: ValkeyAddress): RunningService {
  const valkey = tracedValkey(openValkey(address, context.log), context.telemetry);
  return { ...serving(valkeyCartStore(valkey), context), stop: () => valkey.close() };
}

function serving(store: CartStore, context: ServiceContext) {
  const faults = cartFaults(context);
  return {
    routes: [route(CartService, cartHandlers(store, faults, context))],
    isReady: async () => !(await faults.failsReadiness()) && (await store.isReachable()),
  };
}
