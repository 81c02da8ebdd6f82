import { declareService } from "../../platform/lifecycle/service.ts";

export const fraudDetection = declareService({
  name: "fraud-detection",
  summary: "Scores every placed order for fraud by a few rules that explain themselves.",
  criticality: "low",
  port: { variable: "FRAUD_DETECTION_PORT", fallback: 8086 },
  rpc: [],
  calls: [],
  consumes: ["orders"],
  schema: "fraud_detection",
  settings: [{ name: "KAFKA_TOPIC", meaning: "The topic of placed orders.", fallback: "orders" }],
  memoryMb: 82,
  readsFlags: ["kafkaQueueProblems"],
  load: () => import("./server.ts"),
});
