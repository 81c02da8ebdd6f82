import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { ExportLogsServiceRequestSchema } from "../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { ExportMetricsServiceRequestSchema } from "../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { ExportTraceServiceRequestSchema } from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { type DecodedRecord, decodeLogs } from "../../src/observatory/otlp/logs.ts";
import { type DecodedMetric, decodeMetrics } from "../../src/observatory/otlp/metrics.ts";
import type { Resource } from "../../src/observatory/otlp/resource.ts";
import { type DecodedSpan, decodeTraces } from "../../src/observatory/otlp/traces.ts";
import type { Signal, TelemetrySink } from "../../src/platform/telemetry/sink.ts";

export type From<T> = T & { readonly resource: Resource };

const requestSchemas: Readonly<Record<Signal, DescMessage>> = {
  traces: ExportTraceServiceRequestSchema,
  metrics: ExportMetricsServiceRequestSchema,
  logs: ExportLogsServiceRequestSchema,
};

/** Adds the texts in a message, however deep; ids are bytes, and no texts. */
function addTexts(value: unknown, texts: Set<string>): void {
  if (typeof value === "string") texts.add(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  for (const [name, inner] of Object.entries(value)) if (name !== "$typeName") addTexts(inner, texts);
}

/** Keeps every byte that is exported, and reads it. */
export class Captured implements TelemetrySink {
  readonly #requests: { readonly signal: Signal; readonly request: Uint8Array }[] = [];

  accept(signal: Signal, request: Uint8Array): void {
    this.#requests.push({ signal, request: request.slice() });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#requests.map(({ request }) => request));
  }

  /** Every text in any place of what is exported, once. Unlike its bytes, it says nothing by chance. */
  texts(): ReadonlySet<string> {
    const texts = new Set<string>();
    for (const { signal, request } of this.#requests) {
      addTexts(fromBinary(requestSchemas[signal], request), texts);
    }
    return texts;
  }

  spans(): From<DecodedSpan>[] {
    return this.#read("traces", decodeTraces);
  }

  logs(): From<DecodedRecord>[] {
    return this.#read("logs", decodeLogs);
  }

  metrics(): From<DecodedMetric>[] {
    return this.#read("metrics", decodeMetrics);
  }

  #read<T>(
    wanted: Signal,
    decode: (request: Uint8Array) => readonly { readonly resource: Resource; readonly items: readonly T[] }[],
  ): From<T>[] {
    return this.#requests
      .filter(({ signal }) => signal === wanted)
      .flatMap(({ request }) => decode(request))
      .flatMap(({ resource, items }) => items.map((item) => ({ ...item, resource })));
  }
}
