import { type DescMessage, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { ExportLogsServiceRequestSchema } from "../../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { ExportMetricsServiceRequestSchema } from "../../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { ExportTraceServiceRequestSchema } from "../../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { Signal } from "../../platform/telemetry/sink.ts";

const schemas: Readonly<Record<Signal, DescMessage>> = {
  traces: ExportTraceServiceRequestSchema,
  metrics: ExportMetricsServiceRequestSchema,
  logs: ExportLogsServiceRequestSchema,
};

/** Fields that OTLP/JSON has in hexadecimal where Protobuf's JSON has base64. */
const hexFields = new Set(["traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"]);

/**
 * An export request in OTLP/JSON as Protobuf.
 *
 * @throws Error when it is not one
 */
export function otlpJsonToBinary(signal: Signal, json: string): Uint8Array {
  const parsed = JSON.parse(json, (key, value: unknown) =>
    typeof value === "string" && hexFields.has(key) ? base64OfHex(value) : value,
  ) as JsonValue;
  const schema = schemas[signal];
  return toBinary(schema, fromJson(schema, parsed, { ignoreUnknownFields: true }));
}

function base64OfHex(hex: string): string {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new SyntaxError("An id is not hexadecimal");
  return Buffer.from(hex, "hex").toString("base64");
}
