import { textAttribute } from "../otlp/attributes.ts";
import { type DecodedSpan, spanKind } from "../otlp/traces.ts";
import type { Edge, Outcome } from "./traffic.ts";

/** How long a span is remembered for its parent or children to arrive. */
const patienceMs = 30_000;
/** Spans remembered at once; the oldest are forgotten first. */
const maxRemembered = 50_000;

interface Remembered {
  readonly service: string;
  readonly isFailedCall: boolean;
  /** Whether the call was counted without the span of who was called. */
  readonly isCounted: boolean;
}

/** A call that waits for its caller. */
interface Orphan {
  readonly service: string;
  readonly outcome: Outcome;
}

/**
 * Finds who called whom: spans of different services of which one is the parent of the other, in whatever order they
 * arrive; and calls of stores and topics, which send no spans themselves.
 *
 * Two generations of spans are kept, and the older one is dropped from time to time: cheaper than a clock for each.
 */
export class Neighbours {
  readonly #found: (edge: Edge, outcome: Outcome) => void;
  readonly #isService: (name: string) => boolean;
  /** One object for all spans of a service that ended alike: most of what is remembered are keys. */
  readonly #shared = new Map<string, Remembered>();
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();
  #youngOrphans = new Map<string, Orphan[]>();
  #oldOrphans = new Map<string, Orphan[]>();
  #orphanCount = 0;
  #turnedAt = 0;

  /**
   * @param options.found told each call
   * @param options.isService whether a name is a service's, by which calls that did not reach it are counted
   */
  constructor(options: {
    readonly found: (edge: Edge, outcome: Outcome) => void;
    readonly isService: (name: string) => boolean;
  }) {
    this.#found = options.found;
    this.#isService = options.isService;
  }

  add(service: string, span: DecodedSpan, outcome: Outcome, nowMs: number): void {
    this.#turn(nowMs);
    const target = targetWithoutSpans(service, span);
    if (target !== undefined) this.#found({ source: service, target }, outcome);
    const topic = span.kind === spanKind.consumer ? topicOf(span) : undefined;
    if (topic !== undefined) this.#found({ source: topic, target: service }, outcome);

    const isFailedCall = span.isError && span.kind === spanKind.client;
    const hasChildren = this.#youngOrphans.has(span.spanId) || this.#oldOrphans.has(span.spanId);
    const unreached = isFailedCall && !hasChildren ? this.#calledService(span) : undefined;
    if (unreached !== undefined) this.#found({ source: service, target: unreached }, outcome);
    const self = this.#remembered(service, isFailedCall, unreached !== undefined);
    this.#young.set(span.spanId, self);
    for (const orphans of [this.#youngOrphans, this.#oldOrphans]) {
      for (const orphan of orphans.get(span.spanId) ?? []) this.#connect(self, orphan);
      orphans.delete(span.spanId);
    }
    // A consumer is reached through its topic.
    if (span.parentSpanId === "" || topic !== undefined) return;
    // Only where a service is entered was it called: a page that continues the trace of its server was not.
    if (!isEntryKind(span.kind)) return;
    const call: Orphan = { service, outcome };
    const parent = this.#young.get(span.parentSpanId) ?? this.#old.get(span.parentSpanId);
    if (parent !== undefined) this.#connect(parent, call);
    else if (this.#orphanCount < maxRemembered) {
      const waiting = this.#youngOrphans.get(span.parentSpanId);
      if (waiting === undefined) this.#youngOrphans.set(span.parentSpanId, [call]);
      else waiting.push(call);
      this.#orphanCount++;
    }
  }

  #connect(parent: Remembered, { service, outcome }: Orphan): void {
    if (parent.service === service || parent.isCounted) return;
    const isError = outcome.isError || parent.isFailedCall;
    this.#found(
      { source: parent.service, target: service },
      isError === outcome.isError ? outcome : { ...outcome, isError },
    );
  }

  /** Who was called by a span that has no child: a failed call may not have reached anybody. */
  #calledService(span: DecodedSpan): string | undefined {
    const address = textAttribute(span.attributes, "server.address");
    return address !== undefined && this.#isService(address) ? address : undefined;
  }

  #remembered(service: string, isFailedCall: boolean, isCounted: boolean): Remembered {
    const key = `${service}\n${isFailedCall}\n${isCounted}`;
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { service, isFailedCall, isCounted };
      if (this.#shared.size < maxRemembered) this.#shared.set(key, shared);
    }
    return shared;
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

/**
 * `postgresql/<schema>` or `topic/<name>`, for calls of what sends no spans. A store that has no names for parts of it is
 * the service's that calls it: `redis/cart`.
 */
function targetWithoutSpans(service: string, span: DecodedSpan): string | undefined {
  if (span.kind === spanKind.producer) return topicOf(span);
  if (span.kind !== spanKind.client) return undefined;
  const system = textAttribute(span.attributes, "db.system.name") ?? textAttribute(span.attributes, "db.system");
  if (system === undefined) return undefined;
  // PostgreSQL's namespace is `database|schema`.
  const namespace = textAttribute(span.attributes, "db.namespace") ?? "";
  const schema = namespace.slice(namespace.lastIndexOf("|") + 1);
  return `${system}/${schema || service}`;
}

function topicOf(span: DecodedSpan): string | undefined {
  const topic = textAttribute(span.attributes, "messaging.destination.name");
  return topic === undefined ? undefined : `topic/${topic}`;
}
