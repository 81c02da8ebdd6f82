import { declareService } from "../../platform/lifecycle/service.ts";

export const imageProvider = declareService({
  name: "image-provider",
  summary: "Serves the shop's pictures, in the smallest format and size that the browser takes.",
  criticality: "low",
  port: { variable: "IMAGE_PROVIDER_PORT", fallback: 8081 },
  address: "IMAGE_PROVIDER_ADDR",
  rpc: [],
  calls: [],
  load: () => import("./server.ts"),
});
