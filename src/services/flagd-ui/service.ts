import { FlagService } from "../../../gen/orrery/flags/v1/flags_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";

export const flagdUi = declareService({
  name: "flagd-ui",
  summary: "Shows and changes flags, and switches them on and off by a schedule.",
  criticality: "low",
  port: { variable: "FLAGD_UI_PORT", fallback: 4000 },
  address: "FLAGD_UI_ADDR",
  rpc: [FlagService],
  isUntraced: true,
  calls: [],
  settings: [
    {
      name: "FLAGD_FILE",
      meaning: "The file of flags, which is made if it is not there. Beside it are its activity log and its schedule.",
    },
    { name: "ALLOWED_ORIGINS", meaning: "Web pages of other origins that may change flags, separated by commas." },
  ],
  // Together with the scenarios.
  memoryMb: 88,
  load: () => import("./server.ts"),
});
