import { trace } from "@opentelemetry/api";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import { toMessage } from "../../domain/money.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { quoteFaults } from "./faults.ts";
import { shippingQuote } from "./quote.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, telemetry } = context;
  const faults = quoteFaults(context);
  const quotes = telemetry.meter.createCounter(metric.demoShippingQuotes.name, metric.demoShippingQuotes);
  return {
    routes: [
      route(QuoteService, {
        async getShippingQuote({ numberOfItems }, call) {
          await faults.beforeQuote(call);
          const about = { [attribute.demoShippingQuoteItemsCount]: numberOfItems };
          quotes.add(1);
          trace.getActiveSpan()?.setAttributes(about);
          log.info({ event: event.shippingQuoteSent, ...about }, "Shipping quoted");
          return { costUsd: toMessage(shippingQuote(numberOfItems)) };
        },
      }),
    ],
    workers: faults.workers,
  };
}
