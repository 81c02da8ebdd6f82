import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { services } from "../services/index.ts";
import { knownSystem } from "./known-system.ts";

/** The flags that the scenarios use, with the OpenTelemetry Demo's variants. */
const flags: ReadonlyMap<string, readonly string[]> = new Map([
  ["adFailure", ["on", "off"]],
  ["adHighCpu", ["on", "off"]],
  ["adManualGc", ["on", "off"]],
  ["cartFailure", ["off", "10%", "25%", "50%", "75%", "90%", "100%"]],
  ["emailMemoryLeak", ["off", "1x", "10x", "100x", "1000x", "10000x"]],
  ["failedReadinessProbe", ["on", "off"]],
  ["imageSlowLoad", ["off", "5sec", "10sec"]],
  ["intlShippingSlowdown", ["off", "5sec", "10sec"]],
  ["kafkaQueueProblems", ["on", "off"]],
  ["loadGeneratorFloodHomepage", ["on", "off"]],
  ["paymentFailure", ["off", "10%", "25%", "50%", "75%", "90%", "100%"]],
  ["paymentUnreachable", ["on", "off"]],
  ["productCatalogFailure", ["on", "off"]],
  ["recommendationCacheFailure", ["on", "off"]],
]);

export const testSystem = knownSystem({ services, objectives: shopObjectives, flags });
