import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { currencyFlags } from "./flags.ts";

export const currency = declareService({
  name: "currency",
  summary: "Converts money between 33 currencies at fixed rates.",
  criticality: "high",
  port: { variable: "CURRENCY_PORT", fallback: 7001 },
  address: "CURRENCY_ADDR",
  rpc: [CurrencyService],
  calls: [],
  flags: currencyFlags,
  load: () => import("./server.ts"),
});
