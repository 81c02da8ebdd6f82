import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { currentCall } from "./call-context.ts";
import { platformErrors, rpcError } from "./errors.ts";
import { grpcUnaryClient } from "./grpc-unary-client.ts";
import { methodName } from "./service-routes.ts";

/** Largest message that is read, in bytes: gRPC's usual limit. */
export const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Calls a service over gRPC on HTTP/2 clear text; every gRPC server understands it, the OpenTelemetry Demo's
 * included. One connection is kept and remade when it breaks. Unary calls, which are all but a few, go by a client of our
 * own that costs a fraction of connect-node's (docs/decisions/0019); streams go by connect-node's.
 *
 * @param origin `http://host:port`
 */
export function remoteTransport(origin: string): Transport {
  const connection = new Http2SessionManager(origin, {
    pingIntervalMs: 30_000,
    idleConnectionTimeoutMs: 5 * 60_000,
  });
  const callUnary = grpcUnaryClient(connection, maxMessageBytes);
  const grpc = createGrpcTransport({
    baseUrl: origin,
    sessionManager: connection,
    readMaxBytes: maxMessageBytes,
    // Inside a mesh, compressing costs more than the call.
    acceptCompression: [],
  });
  return {
    async unary(method, signal, timeoutMs, header, input) {
      const parent = currentCall()?.signal;
      try {
        return await callUnary(method, input, { header, timeoutMs, signals: [signal, parent] });
      } catch (cause) {
        const error = ConnectError.from(cause);
        if (signal?.aborted || parent?.aborted) throw error;
        throw withReason(error, methodName(method));
      }
    },
    stream: (...call) => grpc.stream(...call),
  };
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
 * container that has gone, connect-node's connections take that for a defect.
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
