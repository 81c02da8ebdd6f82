import { OTLPMetricExporterBase } from "@opentelemetry/exporter-metrics-otlp-http";
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } from "@opentelemetry/otlp-grpc-exporter-base";
import { MetricsExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import { metricsSerializer } from "./metrics-request.ts";

// OpenTelemetry's exporters of metrics, set up as they set up themselves, but for the encoding.

/** Sends metrics over gRPC, as the OTEL_EXPORTER_OTLP_* variables say. */
export function overGrpc(): PushMetricExporter {
  return new OTLPMetricExporterBase(
    createOtlpGrpcExportDelegate(
      convertLegacyOtlpGrpcOptions({}, "METRICS"),
      metricsSerializer,
      "otlp_grpc_metric_exporter",
      MetricsExporterMetricsHelper,
      undefined,
      "MetricsExportService",
      "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    ),
  );
}

/** Sends metrics over HTTP in Protobuf, as the OTEL_EXPORTER_OTLP_* variables say. */
export function overHttp(): PushMetricExporter {
  return new OTLPMetricExporterBase(
    createOtlpHttpExportDelegate(
      convertLegacyHttpOptions({}, "METRICS", "v1/metrics", { "Content-Type": "application/x-protobuf" }),
      metricsSerializer,
      "otlp_http_metric_exporter",
      MetricsExporterMetricsHelper,
      undefined,
    ),
  );
}
