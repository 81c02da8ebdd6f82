import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ExportLogsServiceRequestSchema,
  LogsService,
} from "../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import {
  ExportMetricsServiceRequestSchema,
  MetricsService,
} from "../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import {
  ExportTraceServiceRequestSchema,
  TraceService,
} from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { type Route, route } from "../platform/rpc/service-routes.ts";
import type { Signal } from "../platform/telemetry/sink.ts";
import type { StoreClient } from "./store/store-client.ts";

/** The collector's services, for applications that send OTLP over gRPC. */
export function otlpRoutes(store: StoreClient): Route[] {
  async function take<D extends DescMessage>(signal: Signal, schema: D, request: MessageShape<D>) {
    const taken = await store.take(signal, toBinary(schema, request));
    if (taken.kind === "busy") throw new ConnectError("The store is busy; send it again later.", Code.Unavailable);
    if (taken.kind === "malformed") throw new ConnectError("This is not an export request.", Code.InvalidArgument);
    return taken.rejected === 0 ? undefined : { rejected: BigInt(taken.rejected), errorMessage: taken.reason };
  }
  return [
    route(TraceService, {
      async export(request) {
        const partial = await take("traces", ExportTraceServiceRequestSchema, request);
        if (partial === undefined) return {};
        return { partialSuccess: { rejectedSpans: partial.rejected, errorMessage: partial.errorMessage } };
      },
    }),
    route(MetricsService, {
      async export(request) {
        const partial = await take("metrics", ExportMetricsServiceRequestSchema, request);
        if (partial === undefined) return {};
        return { partialSuccess: { rejectedDataPoints: partial.rejected, errorMessage: partial.errorMessage } };
      },
    }),
    route(LogsService, {
      async export(request) {
        const partial = await take("logs", ExportLogsServiceRequestSchema, request);
        if (partial === undefined) return {};
        return { partialSuccess: { rejectedLogRecords: partial.rejected, errorMessage: partial.errorMessage } };
      },
    }),
  ];
}
