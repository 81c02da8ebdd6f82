import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { errorInfo, isFailure } from "../rpc/errors.ts";
import { type Invoke, methodName } from "../rpc/service-routes.ts";
import { AttributeSets } from "./attribute-sets.ts";
import { durationBuckets } from "./buckets.ts";
import { baggageAttributes } from "./http.ts";
import type { Telemetry } from "./telemetry.ts";

// RPC conventions: https://opentelemetry.io/docs/specs/semconv/rpc/

const headerGetter = {
  get: (header: Headers, name: string) => header.get(name) ?? undefined,
  keys: (header: Headers) => [...header.keys()],
};
const headerSetter = { set: (header: Headers, name: string, value: string) => header.set(name, value) };

/** Gives every call that a service answers a server span, and counts it in `rpc.server.call.duration`. */
export function tracedInvoke(method: DescMethodUnary, invoke: Invoke, telemetry: Telemetry): Invoke {
  const name = methodName(method);
  const duration = telemetry.meter.createHistogram("rpc.server.call.duration", {
    description: "Duration of answered remote procedure calls",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const outcomesOf = byKind((protocolName: string) => ({
    "rpc.system.name": systemOf(protocolName),
    "rpc.method": name,
  }));
  return (request, call) => {
    const around = context.active();
    // What was passed on within the process needs no header to be known.
    const isKnown = call.protocolName === "local" || trace.getSpan(around) !== undefined;
    const parent = isKnown ? around : propagation.extract(around, call.header, headerGetter);
    const outcomes = outcomesOf(call.protocolName);
    if (parent === around && telemetry.isUnsampled(parent)) {
      const begun = performance.now();
      return counted(invoke(request, call), begun, duration, outcomes);
    }
    return traced({
      telemetry,
      duration,
      parent,
      around,
      begin: () =>
        telemetry.tracer.startSpan(
          name,
          { kind: SpanKind.SERVER, attributes: { ...outcomes.kind, ...baggageAttributes(parent) } },
          parent,
        ),
      outcomes,
      call: () => invoke(request, call),
    });
  };
}

/**
 * Gives every call that a service makes a client span, and counts it in `rpc.client.call.duration`.
 *
 * @param server.isLocal whether it is in the same process, where the context needs no headers to come along
 */
export function tracedTransport(
  inner: Transport,
  server: { readonly name: string; readonly isLocal: boolean },
  telemetry: Telemetry,
): Transport {
  const duration = telemetry.meter.createHistogram("rpc.client.call.duration", {
    description: "Duration of made remote procedure calls",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const outcomesOf = byKind((method: DescMethodUnary) => ({
    "rpc.system.name": "grpc",
    "rpc.method": methodName(method),
    "server.address": server.name,
  }));
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const outcomes = outcomesOf(method);
      const around = context.active();
      if (server.isLocal && telemetry.isUnsampled(around)) {
        const begun = performance.now();
        const pending = inner.unary(method, signal, timeoutMs, header, input, contextValues);
        return counted(pending, begun, duration, outcomes);
      }
      return traced({
        telemetry,
        duration,
        parent: around,
        around,
        begin: () =>
          telemetry.tracer.startSpan(methodName(method), { kind: SpanKind.CLIENT, attributes: outcomes.kind }, around),
        outcomes,
        call(active) {
          if (server.isLocal) return inner.unary(method, signal, timeoutMs, header, input, contextValues);
          const headers = new Headers(header);
          propagation.inject(active, headers, headerSetter);
          return inner.unary(method, signal, timeoutMs, headers, input, contextValues);
        },
      });
    },
    stream: (...call) => inner.stream(...call),
  };
}

/** Counts a call of a trace that is not sampled, as most are in a flood: nothing is made but what it waits for. */
function counted<T>(pending: Promise<T>, begun: number, duration: Histogram, outcomes: Outcomes): Promise<T> {
  return pending.then(
    (answer) => {
      duration.record((performance.now() - begun) / 1_000, outcomes.success, ROOT_CONTEXT);
      return answer;
    },
    (error) => {
      const outcome = outcomes.failure(ConnectError.from(error));
      duration.record((performance.now() - begun) / 1_000, outcome, ROOT_CONTEXT);
      throw error;
    },
  );
}

/** Runs a call within its span, and without one where the trace is not sampled. */
async function traced<T>(options: {
  readonly telemetry: Telemetry;
  readonly duration: Histogram;
  readonly parent: Context;
  /** The context that is active anyway. */
  readonly around: Context;
  begin(): Span;
  readonly outcomes: Outcomes;
  call(active: Context): Promise<T>;
}): Promise<T> {
  const { telemetry, duration, parent, around, outcomes } = options;
  const begun = performance.now();
  const span = telemetry.isUnsampled(parent) ? undefined : options.begin();
  const active = span === undefined ? parent : trace.setSpan(parent, span);
  try {
    const answer = await (active === around
      ? options.call(active)
      : context.with(active, options.call, undefined, active));
    finish(undefined);
    return answer;
  } catch (error) {
    finish(ConnectError.from(error));
    throw error;
  }

  function finish(error: ConnectError | undefined): void {
    const outcome = error === undefined ? outcomes.success : outcomes.failure(error);
    if (span !== undefined) {
      span.setAttributes(outcome);
      if (error !== undefined && isFailure(error)) {
        // The message of a declared error names ids and amounts, but no person; others are our own fixed texts.
        span.setStatus({ code: SpanStatusCode.ERROR, message: errorInfo(error)?.reason ?? codeName(error.code) });
      }
      span.end();
    }
    duration.record((performance.now() - begun) / 1_000, outcome, active);
  }
}

/** What is told of calls of one kind: of each of them, and by how it ended. */
class Outcomes {
  readonly kind: Attributes;
  readonly success: Attributes;
  readonly #failures: AttributeSets<[code: Code, isFailure: 0 | 1]>;

  constructor(kind: Attributes) {
    this.kind = kind;
    this.success = Object.freeze({ ...kind, "rpc.response.status_code": "OK" });
    this.#failures = new AttributeSets((code, isFailed) => {
      const status = codeName(code);
      return { ...kind, "rpc.response.status_code": status, ...(isFailed === 1 ? { "error.type": status } : {}) };
    });
  }

  failure(error: ConnectError): Attributes {
    return this.#failures.of(error.code, isFailure(error) ? 1 : 0);
  }
}

/** The outcomes of each kind, made once; there are no more kinds than the contract and the protocols have. */
function byKind<Kind>(attributesOf: (kind: Kind) => Attributes): (kind: Kind) => Outcomes {
  const known = new Map<Kind, Outcomes>();
  return (kind) => {
    let outcomes = known.get(kind);
    if (outcomes === undefined) {
      outcomes = new Outcomes(attributesOf(kind));
      known.set(kind, outcomes);
    }
    return outcomes;
  };
}

function systemOf(protocolName: string): string {
  return protocolName === "connect" ? "connectrpc" : "grpc";
}

/** gRPC's spelling of a code: `NOT_FOUND`. */
function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
