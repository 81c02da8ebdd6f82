import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { type ValkeyAddress, valkeyAddress } from "../../platform/config/environment.ts";
import { periodic } from "../../platform/lifecycle/periodic.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { tracedValkey } from "../../platform/telemetry/valkey.ts";
import { logInToValkey, openValkey } from "../../platform/valkey/valkey.ts";
import { cartFaults, type Stranger } from "./faults.ts";
import { cartHandlers } from "./handlers.ts";
import type { CartStore } from "./store.ts";
import { cartMigrations, postgresCartStore } from "./store-postgres.ts";
import { valkeyCartStore } from "./store-valkey.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const address = valkeyAddress(context.environment, "VALKEY_ADDR");
  return address === undefined ? onPostgres(context) : onValkey(context, address);
}

async function onPostgres(context: ServiceContext): Promise<RunningService> {
  const database = await context.database({ migrations: cartMigrations, poolSize: 6 });
  const store = postgresCartStore(database);
  return {
    ...serving(store, { context, logInAs: database.logInAs }),
    workers: [
      periodic({ name: "drop expired carts", everyMs: 5 * 60_000, work: () => store.dropExpired(), log: context.log }),
    ],
  };
}

function onValkey(context: ServiceContext, address: ValkeyAddress): RunningService {
  const valkey = tracedValkey(openValkey(address, context.log), context.telemetry);
  const logInAs = (user: Stranger) => logInToValkey({ ...address, ...user }, context.log);
  return { ...serving(valkeyCartStore(valkey), { context, logInAs }), stop: () => valkey.close() };
}

function serving(
  store: CartStore,
  { context, logInAs }: { readonly context: ServiceContext; readonly logInAs: (user: Stranger) => Promise<void> },
) {
  const faults = cartFaults(context, logInAs);
  return {
    routes: [route(CartService, cartHandlers(store, faults, context))],
    isReady: async () => !(await faults.failsReadiness()) && (await store.isReachable()),
  };
}
