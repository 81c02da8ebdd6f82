import type { JsonObject } from "@bufbuild/protobuf";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import type { HttpJsonMethod } from "../../platform/rpc/http-json.ts";
import { dollarsOf, moneyOfDollars } from "./quote.ts";

/** `POST /getquote` takes `{"numberOfItems": n}` and answers with a bare number of US dollars. */
export const quoteHttpJson: readonly HttpJsonMethod[] = [
  {
    method: QuoteService.method.getShippingQuote,
    path: "/getquote",
    request: {
      toWire: (json) => ({ numberOfItems: (json as JsonObject).number_of_items ?? 0 }),
      fromWire(json) {
        const { numberOfItems } = (json ?? {}) as JsonObject;
        if (numberOfItems === undefined) throw new SyntaxError("numberOfItems is missing");
        return { numberOfItems };
      },
    },
    response: {
      toWire(json) {
        const { units, nanos } = ((json as JsonObject).cost_usd ?? {}) as JsonObject;
        return dollarsOf({ units: Number(units ?? 0), nanos: Number(nanos ?? 0) });
      },
      fromWire(json) {
        if (typeof json !== "number" || !(json >= 0)) throw new SyntaxError("not a number of dollars");
        return { costUsd: { currencyCode: "USD", ...moneyOfDollars(json) } };
      },
    },
  },
];
