import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { currentCall } from "./call-context.ts";
import { platformErrors, rpcError } from "./errors.ts";
import { methodName } from "./service-routes.ts";

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
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const until = endingWithCaller(signal);
      try {
        return await grpc.unary(method, until, timeoutMs, header, input, contextValues);
      } catch (cause) {
        const error = ConnectError.from(cause);
        if (until?.aborted) throw error;
        throw withReason(error, methodName(method));
      }
    },
    stream: (...call) => grpc.stream(...call),
  };
}

function endingWithCaller(signal: AbortSignal | undefined): AbortSignal | undefined {
  const parent = currentCall()?.signal;
  if (signal === undefined || parent === undefined) return signal ?? parent;
  return AbortSignal.any([signal, parent]);
}

/** Gives what befell the call on its way the reasons that the same has in one process. */
function withReason(error: ConnectError, name: string): ConnectError {
  if (isAnswered(error)) return error;
  if (error.code === Code.DeadlineExceeded) {
    return rpcError(platformErrors.DEADLINE_EXCEEDED, `${name} took too long.`, { cause: error });
  }
  // Not by us: so does a connection end that is lost in the middle of a call.
  const isLost =
    isStreamRefused(error) ||
    isNotConnected(error) ||
    error.code === Code.Canceled ||
    error.code === Code.Aborted ||
    error.code === Code.Unavailable;
  if (!isLost) return error;
  return rpcError(platformErrors.SERVICE_UNAVAILABLE, `${name} cannot be reached.`, { cause: error });
}

/** Whether the other side has ended the connection without having begun this call: RFC 9113, section 8.7. */
export function isStreamRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes("NGHTTP2_REFUSED_STREAM")) return true;
  }
  return false;
}

const connectErrors = new Set(["ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/**
 * Whether the call never left, because there was no connection. When there is no way to the other side, as to a
 * container that has gone, connect-node takes that for a defect.
 */
export function isNotConnected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && connectErrors.has(cause.code)) return true;
  }
  return false;
}

/** Whether the other side said so itself. */
function isAnswered(error: ConnectError): boolean {
  return error.details.length > 0 || error.metadata.has("grpc-status");
}
