import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { adFlags } from "./flags.ts";

export const ad = declareService({
  name: "ad",
  summary: "Picks advertisements that fit the products being looked at.",
  criticality: "medium",
  port: { variable: "AD_PORT", fallback: 9555 },
  scraped: { variable: "AD_PROMETHEUS_PORT", fallback: 9465 },
  address: "AD_ADDR",
  rpc: [AdService],
  calls: [],
  settings: [
    {
      name: "AD_PROMETHEUS_PORT",
      meaning: "Port of a page for Prometheus, opened with the service's own.",
      fallback: "9465",
    },
  ],
  flags: adFlags,
  load: () => import("./server.ts"),
});
