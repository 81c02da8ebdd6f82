import { declareService } from "../../platform/lifecycle/service.ts";
import { accountingFlags } from "./flags.ts";

export const accounting = declareService({
  name: "accounting",
  summary: "Books every placed order, exactly once.",
  criticality: "low",
  port: { variable: "ACCOUNTING_PORT", fallback: 8085 },
  rpc: [],
  calls: [],
  consumes: ["orders"],
  schema: "accounting",
  settings: [{ name: "KAFKA_TOPIC", meaning: "The topic of placed orders.", fallback: "orders" }],
  flags: accountingFlags,
  load: () => import("./server.ts"),
});
