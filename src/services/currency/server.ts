import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { currencyHandlers } from "./handlers.ts";

export async function start({ telemetry }: ServiceContext): Promise<RunningService> {
  return { routes: [route(CurrencyService, currencyHandlers(telemetry))] };
}
