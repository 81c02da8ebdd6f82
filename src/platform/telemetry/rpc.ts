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
import { errorInfo } from "../rpc/errors.ts";
import { type Invoke, methodName } from "../rpc/service-routes.ts";
import { durationBuckets } from "./buckets.ts";
import { baggageAttributes } from "./http.ts";
import type { Telemetry } from "./telemetry.ts";

// RPC conventions: https://opentelemetry.io/docs/specs/semconv/rpc/

/**
 * Codes that tell of a failure rather than of the request. The others, a declined card say, are answers: they leave
 * spans without error on both sides, where the conventions would mark the client's.
 */
const faults: readonly Code[] = [
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
];

const headerGetter = {
  get: (header: Headers, name: string) => header.get(name) ?? undefined,
  keys: (header: Headers) => [...header.keys()],
};
const headerSetter = { set: (header: Headers, name: string, value: string) => header.set(name, value) };

/** Gives every call that a service answers a server span, and counts it in `rpc.server.call.duration`. */
export function tracedInvoke(method: DescMethodUnary, invoke: Invoke, { tracer, meter }: Telemetry): Invoke {
  const name = methodName(method);
  const duration = meter.createHistogram("rpc.server.call.duration", {
    description: "Duration of answered remote procedure calls",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  return async (request, call) => {
    const isLocal = call.protocolName === "local";
    const parent = isLocal ? context.active() : propagation.extract(context.active(), call.header, headerGetter);
    const attributes: Attributes = { "rpc.system.name": systemOf(call.protocolName), "rpc.method": name };
    const span = tracer.startSpan(
      name,
      { kind: SpanKind.SERVER, attributes: { ...attributes, ...baggageAttributes(parent) } },
      parent,
    );
    const begun = performance.now();
    const active = trace.setSpan(parent, span);
    try {
      const answer = await context.with(active, invoke, undefined, request, call);
      finish(span, duration, attributes, begun, active, undefined);
      return answer;
    } catch (error) {
      finish(span, duration, attributes, begun, active, ConnectError.from(error));
      throw error;
    }
  };
}

/** Gives every call that a service makes a client span, and counts it in `rpc.client.call.duration`. */
export function tracedTransport(inner: Transport, server: string, { tracer, meter }: Telemetry): Transport {
  const duration = meter.createHistogram("rpc.client.call.duration", {
    description: "Duration of made remote procedure calls",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const name = methodName(method);
      const attributes: Attributes = { "rpc.system.name": "grpc", "rpc.method": name, "server.address": server };
      const parent = context.active();
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
      const active = trace.setSpan(parent, span);
      const headers = new Headers(header);
      propagation.inject(active, headers, headerSetter);
      const begun = performance.now();
      try {
        const answer = await context.with(active, () =>
          inner.unary(method, signal, timeoutMs, headers, input, contextValues),
        );
        finish(span, duration, attributes, begun, active, undefined);
        return answer;
      } catch (error) {
        finish(span, duration, attributes, begun, active, ConnectError.from(error));
        throw error;
      }
    },
    stream: (...call) => inner.stream(...call),
  };
}

function finish(
  span: Span,
  duration: Histogram,
  attributes: Attributes,
  begun: number,
  active: Context,
  error: ConnectError | undefined,
): void {
  const status = error === undefined ? "OK" : codeName(error.code);
  const isFault = error !== undefined && faults.includes(error.code);
  const outcome: Attributes = { "rpc.response.status_code": status, ...(isFault ? { "error.type": status } : {}) };
  span.setAttributes(outcome);
  if (isFault) {
    // The message of a declared error names ids and amounts, but no person; others are our own fixed texts.
    span.setStatus({ code: SpanStatusCode.ERROR, message: errorInfo(error)?.reason ?? status });
  }
  span.end();
  duration.record((performance.now() - begun) / 1_000, { ...attributes, ...outcome }, active);
}

function systemOf(protocolName: string): string {
  return protocolName === "connect" ? "connectrpc" : "grpc";
}

/** gRPC's spelling of a code: `NOT_FOUND`. */
function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
