import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { type ISerializer, ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { AggregationTemporality, type PushMetricExporter, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { metricsSerializer } from "./metrics-request.ts";

export type Signal = "traces" | "metrics" | "logs";

/** Takes telemetry within the process: export requests of OTLP, in Protobuf. Never waits, never throws. */
export interface TelemetrySink {
  accept(signal: Signal, request: Uint8Array): void;
}

export function spanSink(sink: TelemetrySink): SpanExporter {
  return {
    export: exporting<ReadableSpan[]>("traces", ProtobufTraceSerializer, sink),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
}

export function logSink(sink: TelemetrySink): LogRecordExporter {
  return {
    export: exporting<ReadableLogRecord[]>("logs", ProtobufLogsSerializer, sink),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
}

export function metricSink(sink: TelemetrySink): PushMetricExporter {
  return {
    export: exporting<ResourceMetrics>("metrics", metricsSerializer, sink),
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    shutdown: async () => {},
    forceFlush: async () => {},
  };
}

function exporting<T>(signal: Signal, serializer: ISerializer<T, unknown>, sink: TelemetrySink) {
  return (items: T, done: (result: ExportResult) => void): void => {
    const request = serializer.serializeRequest(items);
    if (request !== undefined) sink.accept(signal, request);
    done({ code: ExportResultCode.SUCCESS });
  };
}
