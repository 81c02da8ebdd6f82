import { declareService } from "../../platform/lifecycle/service.ts";
import { frontendFlags } from "./flags.ts";

export const frontend = declareService({
  name: "frontend",
  summary: "The web shop: its pages, and the JSON API under /api that they use.",
  criticality: "critical",
  port: { variable: "FRONTEND_PORT", fallback: 8080 },
  address: "FRONTEND_ADDR",
  rpc: [],
  calls: ["ad", "cart", "checkout", "currency", "product-catalog", "recommendation", "shipping"],
  settings: [{ name: "ENV_PLATFORM", meaning: "Where the shop runs, shown in the footer.", fallback: "local" }],
  memoryMb: 96,
  flags: frontendFlags,
  load: () => import("./server.ts"),
});
