import { declareService } from "../platform/lifecycle/service.ts";

export const frontendProxy = declareService({
  name: "frontend-proxy",
  summary: "The one public port: pages, pictures, mail, and every service's RPCs.",
  criticality: "critical",
  port: { variable: "ENVOY_PORT", fallback: 8080 },
  address: "FRONTEND_PROXY_ADDR",
  rpc: [],
  calls: [
    "ad",
    "cart",
    "checkout",
    "currency",
    "email",
    "flagd",
    "frontend",
    "image-provider",
    "load-generator",
    "observatory",
    "payment",
    "product-catalog",
    "quote",
    "recommendation",
    "scenarios",
    "shipping",
  ],
  load: () => import("./server.ts"),
});
