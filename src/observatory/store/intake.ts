import type { Signal } from "../../platform/telemetry/sink.ts";
import { attributesJson, textAttribute } from "../otlp/attributes.ts";
import { type DecodedRecord, decodeLogs } from "../otlp/logs.ts";
import { type DecodedMetric, decodeMetrics } from "../otlp/metrics.ts";
import { type FromResource, isSpanId, isTraceId, type Resource } from "../otlp/resource.ts";
import { type DecodedSpan, decodeTraces, spanKind } from "../otlp/traces.ts";
import type { Drops } from "./drops.ts";
import { MarkIntake } from "./mark-intake.ts";
import { MetricIntake } from "./metric-intake.ts";
import { Neighbours } from "./neighbours.ts";
import { Recent } from "./recent.ts";
import type { TableName } from "./schema.ts";
import type { Cell } from "./table-writer.ts";
import { Traffic } from "./traffic.ts";

/** Clocks may differ; more than this is a mistake. */
const maxAheadNanos = 3_600n * 1_000_000_000n;
/** What is older cannot be of use, and would be the first to be dropped. */
const maxBehindNanos = 7n * 86_400n * 1_000_000_000n;
/** Distinct resources; a process has a few, and each restart brings new ones. */
const maxResources = 20_000;

export const kindNames = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

/** A record as pages are told about it while it comes in. */
export interface FreshRecord extends DecodedRecord {
  readonly service: string;
}

/** What one service has sent of one signal. */
export interface Seen {
  count: number;
  lastNanos: bigint;
}

export interface IntakeOptions {
  readonly write: (table: TableName, row: readonly Cell[]) => void;
  readonly drops: Drops;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Whether there is a service of this name, seen or not. */
  readonly isDeclared: (name: string) => boolean;
  /** The number that the next resource gets. */
  readonly firstResourceId: number;
  readonly firstSeriesId: number;
  /** How many times finer than usual roll-ups are, and how many times sooner points are repeated. */
  readonly timeScale: number;
}

/** Turns export requests into rows and roll-ups. */
export class Intake {
  readonly traffic: Traffic;
  readonly seen: Record<Signal, Map<string, Seen>> = { traces: new Map(), metrics: new Map(), logs: new Map() };
  readonly freshRecords = new Recent<FreshRecord>(500);
  /** Ids of traces whose first span came in. */
  readonly freshTraces = new Recent<string>(200);
  readonly marks: MarkIntake;
  spanCount = 0;
  readonly #options: IntakeOptions;
  readonly #neighbours = new Neighbours({
    found: (edge, outcome) => this.traffic.countEdge(edge, outcome),
    isService: (name) => this.#options.isDeclared(name) || this.seen.traces.has(name),
  });
  readonly #metrics: MetricIntake;
  readonly #resources = new Map<string, number>();
  #nextResource: number;
  /** The times between which what comes in is believed. */
  #earliest = 0n;
  #latest = 0n;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.traffic = new Traffic(options.timeScale);
    this.marks = new MarkIntake((row) => options.write("marks", row));
    this.#metrics = new MetricIntake(options);
    this.#nextResource = options.firstResourceId;
  }

  /** Takes a request apart; one that is malformed is dropped as a whole. */
  accept(signal: Signal, request: Uint8Array): void {
    const now = BigInt(Math.round(this.#options.now())) * 1_000_000n;
    this.#earliest = now - maxBehindNanos;
    this.#latest = now + maxAheadNanos;
    switch (signal) {
      case "traces":
        this.#each(signal, request, decodeTraces, (resource, span) => this.#span(resource, span));
        break;
      case "logs":
        this.#each(signal, request, decodeLogs, (resource, record) => this.#record(resource, record));
        break;
      case "metrics":
        this.#each(signal, request, decodeMetrics, (resource, metric) => this.#metric(resource, metric));
        break;
    }
  }

  #each<T>(
    signal: Signal,
    request: Uint8Array,
    decode: (request: Uint8Array) => FromResource<T>[],
    take: (resource: Resource, item: T) => void,
  ): void {
    let decoded: FromResource<T>[];
    try {
      decoded = decode(request);
    } catch {
      this.#options.drops.count(signal, "malformed request");
      return;
    }
    for (const { resource, items } of decoded) for (const item of items) take(resource, item);
  }

  #span(resource: Resource, span: DecodedSpan): void {
    const { drops, write } = this.#options;
    const hasIds = isTraceId(span.traceId) && isSpanId(span.spanId);
    if (!hasIds || (span.parentSpanId !== "" && span.parentSpanId.length !== 16)) {
      drops.count("traces", "invalid id");
      return;
    }
    if (!this.#isTimely("traces", span.startNanos)) return;
    if (/^0+$/.test(span.parentSpanId)) span.parentSpanId = "";
    if (span.endNanos < span.startNanos) span.endNanos = span.startNanos;
    // An end of its own far ahead would make a trace that never ends.
    if (!this.#isTimely("traces", span.endNanos)) return;
    if (!(span.kind >= 1 && span.kind <= 5)) span.kind = 0;
    const resourceId = this.#resourceId("traces", resource);
    if (resourceId === undefined) return;

    const { service } = resource;
    const { attributes, startNanos, endNanos, isError } = span;
    const durationNanos = endNanos - startNanos;
    const kind = kindNames[span.kind] ?? kindNames[0];
    const isEntry = span.parentSpanId === "" || span.kind === spanKind.server || span.kind === spanKind.consumer;
    write("spans", [
      span.traceId,
      span.spanId,
      span.parentSpanId,
      service,
      span.name,
      kind,
      startNanos,
      durationNanos,
      isError,
      span.statusMessage === "" ? null : span.statusMessage,
      attributesJson(attributes),
      resourceId,
      span.links.length === 0 ? null : linksJson(span),
      span.events.length === 0 ? null : eventsJson(span),
      textAttribute(attributes, "session.id") ?? null,
      textAttribute(attributes, "demo.order.id") ?? textAttribute(attributes, "app.order.id") ?? null,
      span.standsFor,
    ]);
    this.spanCount++;
    this.#see("traces", service, startNanos);
    const outcome = this.traffic.outcomeOf(span);
    this.traffic.countOperation({ service, name: span.name, kind, isEntry }, outcome);
    this.#neighbours.add(service, span, outcome, this.#options.now());
    if (span.parentSpanId === "") this.freshTraces.add(span.traceId);
  }

  #record(resource: Resource, record: DecodedRecord): void {
    const { drops, write, now } = this.#options;
    if (record.timeNanos === 0n) record.timeNanos = BigInt(now()) * 1_000_000n;
    if (!this.#isTimely("logs", record.timeNanos)) return;
    if (record.traceId !== "" && !isTraceId(record.traceId)) {
      drops.count("logs", "invalid id");
      return;
    }
    if (!isSpanId(record.spanId)) record.spanId = "";
    const resourceId = this.#resourceId("logs", resource);
    if (resourceId === undefined) return;
    const { service } = resource;
    write("logs", [
      record.timeNanos,
      service,
      record.severityNumber,
      record.severity,
      record.eventName,
      record.body,
      attributesJson(record.attributes),
      record.traceId,
      record.spanId,
      resourceId,
    ]);
    this.marks.accept(resource, record);
    this.#see("logs", service, record.timeNanos);
    this.freshRecords.add({ ...record, service });
  }

  #metric(resource: Resource, metric: DecodedMetric): void {
    const { service } = resource;
    for (const point of metric.points) {
      if (!this.#isTimely("metrics", point.timeNanos)) continue;
      const id = this.#resourceId("metrics", resource);
      if (id === undefined) continue;
      if (this.#metrics.accept(metric, point, { id, service })) this.#see("metrics", service, point.timeNanos);
    }
  }

  #isTimely(signal: Signal, nanos: bigint): boolean {
    if (nanos <= this.#latest && nanos >= this.#earliest) return true;
    const reason = nanos === 0n ? "no time" : nanos > this.#latest ? "clock in the future" : "clock in the past";
    this.#options.drops.count(signal, reason);
    return false;
  }

  #resourceId(signal: Signal, resource: Resource): number | undefined {
    const known = this.#resources.get(resource.json);
    if (known !== undefined) return known;
    if (this.#resources.size >= maxResources) {
      this.#options.drops.count(signal, "too many resources");
      return undefined;
    }
    const id = this.#nextResource++;
    this.#resources.set(resource.json, id);
    this.#options.write("resources", [id, resource.service, resource.json]);
    return id;
  }

  #see(signal: Signal, service: string, nanos: bigint): void {
    const seen = this.seen[signal].get(service);
    if (seen === undefined) this.seen[signal].set(service, { count: 1, lastNanos: nanos });
    else {
      seen.count++;
      if (nanos > seen.lastNanos) seen.lastNanos = nanos;
    }
  }
}

function linksJson(span: DecodedSpan): string {
  return JSON.stringify(span.links.map(({ traceId, spanId }) => ({ trace_id: traceId, span_id: spanId })));
}

function eventsJson(span: DecodedSpan): string {
  return JSON.stringify(
    span.events.map(({ name, timeNanos, attributes }) => ({
      name,
      offset_ns: Number(timeNanos - span.startNanos),
      attributes: Object.fromEntries(attributes),
    })),
  );
}
