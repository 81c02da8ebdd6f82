import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  propagation,
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
  const kinds = new AttributeSets((protocolName: string) => ({
    "rpc.system.name": systemOf(protocolName),
    "rpc.method": name,
  }));
  const outcomes = outcomesOf((protocolName: string) => kinds.of(protocolName));
  return (request, call) => {
    const around = context.active();
    // What was passed on within the process needs no header to be known.
    const isKnown = call.protocolName === "local" || trace.getSpan(around) !== undefined;
    const parent = isKnown ? around : propagation.extract(around, call.header, headerGetter);
    if (parent === around && telemetry.isUnsampled(parent)) {
      const begun = performance.now();
      return counted(invoke(request, call), { begun, duration, within: parent, kind: call.protocolName, outcomes });
    }
    return traced({
      telemetry,
      duration,
      parent,
      around,
      begin: () =>
        telemetry.tracer.startSpan(
          name,
          { kind: SpanKind.SERVER, attributes: { ...kinds.of(call.protocolName), ...baggageAttributes(parent) } },
          parent,
        ),
      outcome: (error) => outcomes(call.protocolName, error),
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
  const kinds = new AttributeSets((name: string) => ({
    "rpc.system.name": "grpc",
    "rpc.method": name,
    "server.address": server.name,
  }));
  const outcomes = outcomesOf((name: string) => kinds.of(name));
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const name = methodName(method);
      const around = context.active();
      if (server.isLocal && telemetry.isUnsampled(around)) {
        const begun = performance.now();
        const pending = inner.unary(method, signal, timeoutMs, header, input, contextValues);
        return counted(pending, { begun, duration, within: around, kind: name, outcomes });
      }
      return traced({
        telemetry,
        duration,
        parent: around,
        around,
        begin: () => telemetry.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: kinds.of(name) }, around),
        outcome: (error) => outcomes(name, error),
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
async function counted<T>(
  pending: Promise<T>,
  call: {
    readonly begun: number;
    readonly duration: Histogram;
    readonly within: Context;
    readonly kind: string;
    readonly outcomes: (kind: string, error?: ConnectError) => Attributes;
  },
): Promise<T> {
  const { begun, duration, within, kind, outcomes } = call;
  try {
    const answer = await pending;
    duration.record((performance.now() - begun) / 1_000, outcomes(kind), within);
    return answer;
  } catch (error) {
    duration.record((performance.now() - begun) / 1_000, outcomes(kind, ConnectError.from(error)), within);
    throw error;
  }
}

/** Runs a call within its span, and without one where the trace is not sampled. */
async function traced<T>(options: {
  readonly telemetry: Telemetry;
  readonly duration: Histogram;
  readonly parent: Context;
  /** The context that is active anyway. */
  readonly around: Context;
  begin(): Span;
  outcome(error: ConnectError | undefined): Attributes;
  call(active: Context): Promise<T>;
}): Promise<T> {
  const { telemetry, duration, parent, around } = options;
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
    const outcome = options.outcome(error);
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

/** A call's attributes when it has ended, by what tells its kind. */
function outcomesOf(kindOf: (kind: string) => Attributes) {
  const sets = new AttributeSets((kind: string, code: Code | undefined, failed: 0 | 1) => {
    const status = code === undefined ? "OK" : codeName(code);
    return {
      ...kindOf(kind),
      "rpc.response.status_code": status,
      ...(failed === 1 ? { "error.type": status } : {}),
    };
  });
  const successes = new Map<string, Attributes>();
  return (kind: string, error?: ConnectError) => {
    if (error !== undefined) return sets.of(kind, error.code, isFailure(error) ? 1 : 0);
    let success = successes.get(kind);
    if (success === undefined) {
      success = sets.of(kind, undefined, 0);
      successes.set(kind, success);
    }
    return success;
  };
}

function systemOf(protocolName: string): string {
  return protocolName === "connect" ? "connectrpc" : "grpc";
}

/** gRPC's spelling of a code: `NOT_FOUND`. */
function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
