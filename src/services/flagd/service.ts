import { Service as EvaluationV1 } from "../../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as EvaluationV2 } from "../../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import { FlagSyncService } from "../../../gen/flagd/sync/v1/sync_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";

export const flagd = declareService({
  name: "flagd",
  summary: "Hands out flags to who asks in flagd's protocols or OFREP; containers have flagd itself.",
  criticality: "medium",
  port: { variable: "FLAGD_PORT", fallback: 8013 },
  otherPorts: [
    { name: "sync", variable: "FLAGD_SYNC_PORT", fallback: 8015 },
    { name: "OFREP", variable: "FLAGD_OFREP_PORT", fallback: 8016 },
  ],
  address: "FLAGD_ADDR",
  rpc: [EvaluationV1, EvaluationV2, FlagSyncService],
  isUntraced: true,
  calls: [],
  settings: [
    { name: "FLAGD_FILE", meaning: "The file of flags, which may be changed at any time; declared flags unless set." },
  ],
  load: () => import("./server.ts"),
});
