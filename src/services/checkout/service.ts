import { CheckoutService } from "../../../gen/oteldemo/checkout_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { checkoutFlags } from "./flags.ts";

export const checkout = declareService({
  name: "checkout",
  summary: "Turns carts into orders: priced, charged once, shipped, announced, confirmed.",
  criticality: "critical",
  port: { variable: "CHECKOUT_PORT", fallback: 5050 },
  address: "CHECKOUT_ADDR",
  rpc: [CheckoutService],
  calls: ["cart", "product-catalog", "currency", "shipping", "payment", "email"],
  publishes: ["orders"],
  schema: "checkout",
  settings: [{ name: "KAFKA_TOPIC", meaning: "The topic of placed orders.", fallback: "orders" }],
  memoryMb: 100,
  flags: checkoutFlags,
  load: () => import("./server.ts"),
});
