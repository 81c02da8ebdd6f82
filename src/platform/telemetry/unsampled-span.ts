import { type Context, type Span, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";
import { RandomIdGenerator } from "@opentelemetry/sdk-trace";

const ids = new RandomIdGenerator();

/**
 * The root of a trace that is not kept. Most have no more to do than to say so, so it has ids only when somebody asks for
 * them: a log record, or a call of another process.
 */
export class UnsampledSpan implements Span {
  #context: SpanContext | undefined;

  spanContext(): SpanContext {
    this.#context ??= {
      traceId: ids.generateTraceId(),
      spanId: ids.generateSpanId(),
      traceFlags: TraceFlags.NONE,
    };
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
  recordException(): void {}
  end(): void {}
}

/** The trace that a context belongs to, if it is sampled. */
export function sampledSpan(within: Context): SpanContext | undefined {
  const span = trace.getSpan(within);
  if (span === undefined || span instanceof UnsampledSpan) return undefined;
  const context = span.spanContext();
  return (context.traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : context;
}

/** Whether a context belongs to a trace that is not sampled; what belongs to no trace does not. */
export function isUnsampled(within: Context): boolean {
  return trace.getSpan(within) !== undefined && sampledSpan(within) === undefined;
}
