import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { shippingFlags } from "./flags.ts";
import { shippingHttpJson } from "./http-json.ts";

export const shipping = declareService({
  name: "shipping",
  summary: "Quotes shipping costs and ships orders.",
  criticality: "high",
  port: { variable: "SHIPPING_PORT", fallback: 50050 },
  address: "SHIPPING_ADDR",
  rpc: [ShippingService],
  httpJson: shippingHttpJson,
  calls: ["quote"],
  flags: shippingFlags,
  load: () => import("./server.ts"),
});
