import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { currencyFaults } from "./faults.ts";
import { currencyHandlers } from "./handlers.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const faults = currencyFaults(context);
  return { routes: [route(CurrencyService, currencyHandlers(faults, context.telemetry))], workers: faults.workers };
}
