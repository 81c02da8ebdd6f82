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
  settings: [
    { name: "KAFKA_TOPIC", meaning: "The topic of placed orders.", fallback: "orders" },
    {
      name: "ORDER_RETENTION_DAYS",
      meaning: "How many days finished orders of synthetic load are kept, where old orders are removed; 0 for ever.",
      fallback: "7",
    },
    { name: "ORDER_RETENTION_CUSTOMER_DAYS", meaning: "The same of the orders of customers.", fallback: "90" },
    {
      name: "ORDER_RETENTION_MAX",
      meaning: "How many of either are kept at most; 0 for any number.",
      fallback: "100000",
    },
    {
      name: "ORDER_RETENTION_DATABASE",
      meaning: "In a mesh, where orders are removed, as a role that may do so in all schemas; without it none are.",
      isSecret: true,
    },
  ],
  memoryMb: 100,
  flags: checkoutFlags,
  load: () => import("./server.ts"),
});
