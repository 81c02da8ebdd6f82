import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { sendProblem, titleOf } from "../../platform/http/problem.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { shippingFaults } from "./faults.ts";
import { shippingHandlers } from "./handlers.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const quotes = context.client(QuoteService, { timeoutMs: 3_000 });
  const faults = shippingFaults(context);
  return {
    routes: [route(ShippingService, shippingHandlers(quotes, faults, context))],
    stop: async () => faults.stop(),
    http(request, response) {
      if (request.url === "/health") {
        response.end();
        return;
      }
      sendProblem(response, { status: 404, title: titleOf(404) });
    },
  };
}
