import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  createTraceState,
  SamplingDecision,
  type SamplingResult,
  type SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Sampler } from "@opentelemetry/sdk-trace";
import { UnsampledSpan } from "./unsampled-span.ts";

/** What has been decided of a trace that is about to begin. */
const decided = createContextKey("decision of the rate limited sampler");

/** Operations told apart at a time; what comes beyond shares one allowance. */
const maxOperations = 100;
/** Time in which the sampler forgets, in seconds: so much of a burst is kept whole. */
const memorySeconds = 2;
const forgottenAfterMs = 10 * memorySeconds * 1_000;
/**
 * Of what comes n times as often as allowed, one of n to this power is kept. With 1 the cost of what is kept would stay as
 * high as ever while the machine has the least to spare; so it falls, with the root of n.
 */
const thinning = 1.5;

/**
 * Keeps every trace as long as there are about so many a second of one operation at most, and beyond that every third,
 * eighth or nth: what is rare is kept whole, what floods is thinned out, the more the more it floods. Decisions are made at
 * the root by a number that is drawn, and `tracestate` tells it, and what a kept trace stands for, so that counts stay true.
 *
 * Threshold and drawn number in `tracestate`: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 * Rate by exponential smoothing, as the consistent rate limiting samplers of the same specification's OTEPs do.
 */
export class RateLimitedSampler implements Sampler {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #allowances = new Map<string, Allowance>();

  /**
   * @param options.perSecond traces of one operation that are kept in a second
   * @param options.now milliseconds of a clock that never goes back
   */
  constructor({
    perSecond,
    now = () => performance.now(),
  }: { readonly perSecond: number; readonly now?: () => number }) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /**
   * The same tracer, which does not even make what the sampler drops at the root.
   *
   * @param tracer of a provider that has this sampler at its roots
   */
  leaving(tracer: Tracer): Tracer {
    const startSpan: Tracer["startSpan"] = (name, options = {}, within = context.active()) => {
      if (options.root !== true && trace.getSpan(within) !== undefined) return tracer.startSpan(name, options, within);
      const result = this.#decide(name, options.attributes ?? {});
      if (result.decision === SamplingDecision.NOT_RECORD) return new UnsampledSpan();
      return tracer.startSpan(name, options, within.setValue(decided, result));
    };
    return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
  }

  shouldSample(
    within: Context,
    _traceId: string,
    name: string,
    _kind: SpanKind,
    attributes: Attributes,
  ): SamplingResult {
    return (within.getValue(decided) as SamplingResult | undefined) ?? this.#decide(name, attributes);
  }

  #decide(name: string, attributes: Attributes): SamplingResult {
    const oneIn = this.#allowanceOf(operationOf(name, attributes)).oneIn(this.#now());
    return oneIn === 1 ? kept : draw(oneIn);
  }

  toString(): string {
    return `RateLimitedSampler{${this.#perSecond} a second and operation}`;
  }

  /** Makes room for operations that are in use. */
  #forget(): void {
    const now = this.#now();
    for (const [operation, allowance] of this.#allowances) {
      if (allowance.isIdle(now)) this.#allowances.delete(operation);
    }
  }

  #allowanceOf(operation: string): Allowance {
    if (this.#allowances.size >= maxOperations && !this.#allowances.has(operation)) this.#forget();
    const isFull = this.#allowances.size >= maxOperations;
    const key = isFull && !this.#allowances.has(operation) ? "" : operation;
    let allowance = this.#allowances.get(key);
    if (allowance === undefined) {
      allowance = new Allowance(this.#perSecond, this.#now());
      this.#allowances.set(key, allowance);
    }
    return allowance;
  }
}

/** How often one operation was begun of late. */
class Allowance {
  readonly #perSecond: number;
  #count = 0;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#at = now;
  }

  /** Whether it was not asked for so long that it is as good as new. */
  isIdle(now: number): boolean {
    return now - this.#at > forgottenAfterMs;
  }

  /** Counts one more, and tells of how many one is kept. */
  oneIn(now: number): number {
    const seconds = (now - this.#at) / 1_000;
    this.#at = now;
    this.#count = this.#count * Math.exp(-seconds / memorySeconds) + 1;
    const timesAllowed = (this.#count - 1) / (memorySeconds * this.#perSecond);
    return timesAllowed <= 1 ? 1 : Math.round(timesAllowed ** thinning);
  }
}

const kept: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const dropped: SamplingResult = { decision: SamplingDecision.NOT_RECORD };

/**
 * At the root no route is known yet. Of the web API and of RPC the first two parts of the path tell operations apart, of
 * everything else the first: what follows are ids and names of files.
 */
function operationOf(name: string, attributes: Attributes): string {
  const path = attributes["url.path"];
  if (typeof path !== "string") return name;
  const first = partEnd(path, 1);
  const hasTwo = path.startsWith("/api/") || path.lastIndexOf(".", first) > 0;
  return `${name} ${path.slice(0, hasTwo ? partEnd(path, first + 1) : first)}`;
}

/** Where the part of a path ends that begins at `from`. */
function partEnd(path: string, from: number): number {
  const end = path.indexOf("/", from);
  return end === -1 ? path.length : end;
}

/** Numbers to draw from, as many as a double tells apart, and half a byte of a trace's 56 bits for each of their digits. */
const draws = 2 ** 52;
const digits = 13;

/** One of so many: kept, with what the trace says of that, or dropped. */
function draw(oneIn: number): SamplingResult {
  const threshold = draws - Math.round(draws / oneIn);
  const drawn = Math.floor(Math.random() * draws);
  if (drawn < threshold) return dropped;
  const hex = (value: number) => value.toString(16).padStart(digits, "0");
  return {
    decision: SamplingDecision.RECORD_AND_SAMPLED,
    traceState: createTraceState(`ot=th:${hex(threshold).replace(/0+$/, "")};rv:${hex(drawn)}0`),
  };
}
