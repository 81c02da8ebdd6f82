import { textAttribute } from "../otlp/attributes.ts";
import { type DecodedSpan, spanKind } from "../otlp/traces.ts";
import type { EdgeCall } from "./traffic.ts";

/** How long a span is remembered for its parent or children to arrive. */
const patienceMs = 30_000;
/** Spans remembered at once; the oldest are forgotten first. */
const maxRemembered = 100_000;

interface Remembered {
  readonly service: string;
  readonly isFailedCall: boolean;
}

interface Orphan {
  readonly service: string;
  readonly span: DecodedSpan;
}

/**
 * Finds who called whom: spans of different services of which one is the parent of the other, in whatever order they
 * arrive; and calls of stores and topics, which send no spans themselves.
 *
 * Two generations of spans are kept, and the older one is dropped from time to time: cheaper than a clock for each.
 */
export class Neighbours {
  readonly #found: (edge: EdgeCall) => void;
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();
  #youngOrphans = new Map<string, Orphan[]>();
  #oldOrphans = new Map<string, Orphan[]>();
  #orphanCount = 0;
  #turnedAt = 0;

  constructor(found: (edge: EdgeCall) => void) {
    this.#found = found;
  }

  add(service: string, span: DecodedSpan, nowMs: number): void {
    this.#turn(nowMs);
    const target = targetWithoutSpans(span);
    if (target !== undefined) this.#report(service, target, span, span.isError);
    if (span.kind === spanKind.consumer) {
      const topic = topicOf(span);
      if (topic !== undefined) this.#report(topic, service, span, span.isError);
    }

    const self: Remembered = { service, isFailedCall: span.isError && span.kind === spanKind.client };
    this.#young.set(span.spanId, self);
    for (const orphans of [this.#youngOrphans, this.#oldOrphans]) {
      for (const orphan of orphans.get(span.spanId) ?? []) this.#connect(self, orphan.service, orphan.span);
      orphans.delete(span.spanId);
    }
    if (span.parentSpanId === "") return;
    const parent = this.#young.get(span.parentSpanId) ?? this.#old.get(span.parentSpanId);
    if (parent !== undefined) this.#connect(parent, service, span);
    // Children within a process mostly arrive before their parents; only entries can be calls from elsewhere.
    else if (isEntryKind(span.kind) && this.#orphanCount < maxRemembered) {
      const waiting = this.#youngOrphans.get(span.parentSpanId);
      if (waiting === undefined) this.#youngOrphans.set(span.parentSpanId, [{ service, span }]);
      else waiting.push({ service, span });
      this.#orphanCount++;
    }
  }

  #connect(parent: Remembered, service: string, span: DecodedSpan): void {
    // A page that goes on with the trace of the server that sent it was not called by it.
    if (parent.service === service || !isEntryKind(span.kind)) return;
    // A consumer is reached through its topic.
    if (span.kind === spanKind.consumer && topicOf(span) !== undefined) return;
    this.#report(parent.service, service, span, span.isError || parent.isFailedCall);
  }

  #report(source: string, target: string, span: DecodedSpan, isError: boolean): void {
    const durationNanos = span.endNanos - span.startNanos;
    this.#found({ source, target, endNanos: span.endNanos, durationNanos, isError });
  }

  #turn(nowMs: number): void {
    if (this.#turnedAt === 0) this.#turnedAt = nowMs;
    if (nowMs - this.#turnedAt < patienceMs && this.#young.size < maxRemembered) return;
    this.#turnedAt = nowMs;
    this.#old = this.#young;
    this.#young = new Map();
    this.#oldOrphans = this.#youngOrphans;
    this.#youngOrphans = new Map();
    this.#orphanCount = 0;
    for (const waiting of this.#oldOrphans.values()) this.#orphanCount += waiting.length;
  }
}

function isEntryKind(kind: number): boolean {
  return kind === spanKind.server || kind === spanKind.consumer;
}

/** `postgresql/<schema>` or `topic/<name>`, for calls of what sends no spans. */
function targetWithoutSpans(span: DecodedSpan): string | undefined {
  if (span.kind === spanKind.producer) return topicOf(span);
  if (span.kind !== spanKind.client) return undefined;
  const system = textAttribute(span.attributes, "db.system.name") ?? textAttribute(span.attributes, "db.system");
  if (system === undefined) return undefined;
  // PostgreSQL's namespace is `database|schema`.
  const namespace = textAttribute(span.attributes, "db.namespace") ?? "";
  const schema = namespace.slice(namespace.lastIndexOf("|") + 1);
  return schema === "" ? system : `${system}/${schema}`;
}

function topicOf(span: DecodedSpan): string | undefined {
  const topic = textAttribute(span.attributes, "messaging.destination.name");
  return topic === undefined ? undefined : `topic/${topic}`;
}
