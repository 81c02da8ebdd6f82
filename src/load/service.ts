import { declareService } from "../platform/lifecycle/service.ts";
import { loadFlags } from "./flags.ts";

export const loadGenerator = declareService({
  name: "load-generator",
  summary: "Plays customers of the shop, and checks what they are answered.",
  criticality: "low",
  port: { variable: "LOAD_GENERATOR_PORT", fallback: 8089 },
  address: "LOAD_GENERATOR_ADDR",
  rpc: [],
  calls: ["frontend-proxy"],
  isOptional: true,
  settings: [
    {
      name: "K6_TARGET_URL",
      meaning: "The shop's front; by default where `FRONTEND_PROXY_ADDR` says, else `http://localhost:8080`.",
    },
    { name: "LOAD_GENERATOR_VUS", meaning: "HTTP users at the start; 0 for none.", fallback: "5" },
    { name: "LOAD_GENERATOR_SEED", meaning: "The same seed makes the same choices.", fallback: "1" },
    { name: "K6_BROWSER_ENABLED", meaning: "Whether a further user opens pages in Chromium.", fallback: "false" },
  ],
  memoryMb: 84,
  flags: loadFlags,
  load: () => import("./server.ts"),
});
