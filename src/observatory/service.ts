import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { declareService } from "../platform/lifecycle/service.ts";

export const observatory = declareService({
  name: "observatory",
  summary: "Keeps the telemetry of all services and answers questions about it.",
  criticality: "low",
  port: { variable: "OBSERVATORY_PORT", fallback: 8087 },
  address: "OBSERVATORY_ADDR",
  rpc: [ObservatoryService],
  isUntraced: true,
  calls: [],
  settings: [
    { name: "OBSERVATORY_DATA_DIR", meaning: "Folder that telemetry is kept in; without it, memory." },
    { name: "OBSERVATORY_MEMORY_MB", meaning: "What the store's database may use, in MiB.", fallback: "128" },
    {
      name: "OBSERVATORY_MAX_SPANS",
      meaning: "Spans kept; the oldest are dropped first. Points and records are kept in proportion.",
      fallback: "300000",
    },
    { name: "OBSERVATORY_QUERY_TIMEOUT", meaning: "How long an SQL statement may run, in ms.", fallback: "5000" },
    {
      name: "OBSERVATORY_TIME_SCALE",
      meaning: "How many times as fast as usual alerts are raised and cleared: 1, 2, 5 or 10.",
      fallback: "1",
    },
  ],
  memoryMb: 176,
  load: () => import("./server.ts"),
});
