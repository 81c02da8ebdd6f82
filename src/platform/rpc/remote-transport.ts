import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { currentCall } from "./call-context.ts";

/** Largest message that is read, in bytes: gRPC's usual limit. */
export const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Calls a service over gRPC on HTTP/2 clear text; every gRPC server understands it, the OpenTelemetry Demo's
 * included. One connection is kept and remade when it breaks.
 *
 * @param origin `http://host:port`
 */
export function remoteTransport(origin: string): Transport {
  const grpc = createGrpcTransport({
    baseUrl: origin,
    readMaxBytes: maxMessageBytes,
    // Inside a mesh, compressing costs more than the call.
    acceptCompression: [],
    pingIntervalMs: 30_000,
    idleConnectionTimeoutMs: 5 * 60_000,
  });
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      return grpc.unary(method, endingWithCaller(signal), timeoutMs, header, input, contextValues);
    },
    stream: (...call) => grpc.stream(...call),
  };
}

function endingWithCaller(signal: AbortSignal | undefined): AbortSignal | undefined {
  const parent = currentCall()?.signal;
  if (signal === undefined || parent === undefined) return signal ?? parent;
  return AbortSignal.any([signal, parent]);
}
