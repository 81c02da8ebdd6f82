import { PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { paymentFaults } from "./faults.ts";
import { paymentHandlers } from "./handlers.ts";
import { ledgerMigrations, postgresLedger } from "./ledger-postgres.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const database = await context.database({ migrations: ledgerMigrations, poolSize: 6 });
  const ledger = postgresLedger(database);
  const faults = paymentFaults(context, database);
  return {
    routes: [route(PaymentService, paymentHandlers({ ledger, faults, ...context }))],
    workers: faults.workers,
    isReady: () => ledger.isReachable(),
  };
}
