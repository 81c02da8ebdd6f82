import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Attributes, type AttributeValue, type HrTime, ValueType } from "@opentelemetry/api";
import { type ISerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { ExportMetricsServiceRequestSchema } from "../../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import type { AnyValueSchema, KeyValueSchema } from "../../../gen/opentelemetry/proto/common/v1/common_pb.ts";
import type {
  ExemplarSchema,
  HistogramDataPointSchema,
  MetricSchema,
  NumberDataPointSchema,
} from "../../../gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";
import type { Exemplar, PointWithExemplars } from "./histograms.ts";

/** OTLP's export request for metrics; OpenTelemetry's own serializer leaves out exemplars. */
export const metricsSerializer: ISerializer<
  ResourceMetrics,
  ReturnType<typeof ProtobufMetricsSerializer.deserializeResponse>
> = {
  serializeRequest: ({ resource, scopeMetrics }) =>
    toBinary(
      ExportMetricsServiceRequestSchema,
      create(ExportMetricsServiceRequestSchema, {
        resourceMetrics: [
          {
            resource: { attributes: keyValues(resource.attributes as Attributes) },
            scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
              scope: { name: scope.name, ...(scope.version === undefined ? {} : { version: scope.version }) },
              metrics: metrics.map(metricMessage),
            })),
          },
        ],
      }),
    ),
  deserializeResponse: (data) => ProtobufMetricsSerializer.deserializeResponse(data),
};

function metricMessage(metric: MetricData): MessageInitShape<typeof MetricSchema> {
  const { name, description, unit, valueType } = metric.descriptor;
  const about = { name, description, unit };
  const isWhole = valueType === ValueType.INT;
  // The SDK's numbers are one less than OTLP's.
  const aggregationTemporality = metric.aggregationTemporality === AggregationTemporality.DELTA ? 1 : 2;
  switch (metric.dataPointType) {
    case DataPointType.GAUGE:
      return { ...about, data: { case: "gauge", value: { dataPoints: numberPoints(metric.dataPoints, isWhole) } } };
    case DataPointType.SUM: {
      const { isMonotonic } = metric;
      const dataPoints = numberPoints(metric.dataPoints, isWhole);
      return { ...about, data: { case: "sum", value: { dataPoints, aggregationTemporality, isMonotonic } } };
    }
    case DataPointType.HISTOGRAM: {
      const dataPoints = metric.dataPoints.map(histogramPoint);
      return { ...about, data: { case: "histogram", value: { dataPoints, aggregationTemporality } } };
    }
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      throw new Error(`${name}: no view of ours asks for exponential histograms`);
  }
}

function numberPoints(
  points: readonly DataPoint<number>[],
  isWhole: boolean,
): MessageInitShape<typeof NumberDataPointSchema>[] {
  return points.map(({ value, ...point }) => ({
    ...timesAndAttributes(point),
    value:
      isWhole && Number.isSafeInteger(value) ? { case: "asInt", value: BigInt(value) } : { case: "asDouble", value },
  }));
}

function histogramPoint(point: DataPoint<Histogram>): MessageInitShape<typeof HistogramDataPointSchema> {
  const { count, sum, min, max, buckets } = point.value;
  return {
    ...timesAndAttributes(point),
    count: BigInt(count),
    ...(sum === undefined ? {} : { sum }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    bucketCounts: buckets.counts.map(BigInt),
    explicitBounds: buckets.boundaries,
    exemplars: "exemplars" in point ? (point as PointWithExemplars).exemplars.map(exemplarMessage) : [],
  };
}

function exemplarMessage({ value, timeMs, traceId, spanId }: Exemplar): MessageInitShape<typeof ExemplarSchema> {
  return {
    timeUnixNano: BigInt(timeMs) * 1_000_000n,
    value: { case: "asDouble", value },
    traceId: Buffer.from(traceId, "hex"),
    spanId: Buffer.from(spanId, "hex"),
  };
}

function timesAndAttributes({ startTime, endTime, attributes }: Omit<DataPoint<unknown>, "value">) {
  return {
    startTimeUnixNano: nanoseconds(startTime),
    timeUnixNano: nanoseconds(endTime),
    attributes: keyValues(attributes),
  };
}

function nanoseconds([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(nanos));
}

function keyValues(attributes: Attributes): MessageInitShape<typeof KeyValueSchema>[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue | undefined): MessageInitShape<typeof AnyValueSchema> {
  switch (typeof value) {
    case "string":
      return { value: { case: "stringValue", value } };
    case "boolean":
      return { value: { case: "boolValue", value } };
    case "number":
      return Number.isSafeInteger(value)
        ? { value: { case: "intValue", value: BigInt(value) } }
        : { value: { case: "doubleValue", value } };
    default:
      return Array.isArray(value)
        ? { value: { case: "arrayValue", value: { values: value.map((each) => anyValue(each ?? undefined)) } } }
        : {};
  }
}
