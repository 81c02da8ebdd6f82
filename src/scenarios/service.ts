import { ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { declareService } from "../platform/lifecycle/service.ts";

export const scenarios = declareService({
  name: "scenarios",
  summary: "Runs fault scenarios on the shop, and judges what comes of them.",
  criticality: "low",
  port: { variable: "SCENARIOS_PORT", fallback: 8088 },
  address: "SCENARIOS_ADDR",
  rpc: [ScenarioService],
  // It knows what is wrong; nobody shall find that in telemetry.
  isUntraced: true,
  calls: ["observatory"],
  settings: [
    { name: "FLAGD_FILE", meaning: "The file of flags by which faults are injected." },
    { name: "LOAD_GENERATOR_ADDR", meaning: "Where the load is controlled, `host:port`.", fallback: "localhost:8089" },
    {
      name: "ORRERY_STACK_CONTROL",
      meaning: "Where services are started anew, given by `npm run stack` to this service alone.",
      isSecret: true,
    },
  ],
  load: () => import("./server.ts"),
});
