import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { toMessage } from "../../domain/money.ts";
import type { RunningService } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { shippingQuote } from "./quote.ts";

export async function start(): Promise<RunningService> {
  return {
    routes: [
      route(QuoteService, {
        getShippingQuote: ({ numberOfItems }) => ({ costUsd: toMessage(shippingQuote(numberOfItems)) }),
      }),
    ],
  };
}
