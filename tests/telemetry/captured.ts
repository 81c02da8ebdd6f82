import { type DecodedRecord, decodeLogs } from "../../src/observatory/otlp/logs.ts";
import { type DecodedMetric, decodeMetrics } from "../../src/observatory/otlp/metrics.ts";
import type { Resource } from "../../src/observatory/otlp/resource.ts";
import { type DecodedSpan, decodeTraces } from "../../src/observatory/otlp/traces.ts";
import type { Signal, TelemetrySink } from "../../src/platform/telemetry/sink.ts";

export type From<T> = T & { readonly resource: Resource };

/** Keeps every byte that is exported, and reads it. */
export class Captured implements TelemetrySink {
  readonly #requests: { readonly signal: Signal; readonly request: Uint8Array }[] = [];

  accept(signal: Signal, request: Uint8Array): void {
    this.#requests.push({ signal, request: request.slice() });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#requests.map(({ request }) => request));
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
