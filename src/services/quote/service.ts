import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { quoteFlags } from "./flags.ts";
import { quoteHttpJson } from "./http-json.ts";

export const quote = declareService({
  name: "quote",
  summary: "Prices the shipping of a number of items.",
  criticality: "low",
  port: { variable: "QUOTE_PORT", fallback: 8090 },
  address: "QUOTE_ADDR",
  rpc: [QuoteService],
  httpJson: quoteHttpJson,
  calls: [],
  flags: quoteFlags,
  load: () => import("./server.ts"),
});
