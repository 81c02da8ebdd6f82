import { RecommendationService } from "../../../gen/oteldemo/recommendation_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { recommendationFlags } from "./flags.ts";

export const recommendation = declareService({
  name: "recommendation",
  summary: "Recommends products other than those being looked at.",
  criticality: "medium",
  port: { variable: "RECOMMENDATION_PORT", fallback: 9001 },
  address: "RECOMMENDATION_ADDR",
  rpc: [RecommendationService],
  calls: ["product-catalog"],
  flags: recommendationFlags,
  load: () => import("./server.ts"),
});
