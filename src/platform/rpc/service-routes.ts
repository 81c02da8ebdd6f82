import type { DescMethod, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";

/** An RPC service and what answers it. */
export interface Route<S extends DescService = DescService> {
  readonly service: S;
  readonly implementation: ServiceImpl<S>;
}

/** Pairs a service with its implementation, so that lists of routes stay typed. All methods are unary. */
export function route<S extends DescService>(service: S, implementation: ServiceImpl<S>): Route {
  return { service, implementation: implementation as ServiceImpl<DescService> };
}

/** Metadata of one incoming call, whatever way it came. */
export interface IncomingCall {
  readonly header: Headers;
  readonly responseHeader: Headers;
  readonly responseTrailer: Headers;
  readonly protocolName: string;
  readonly requestMethod: string;
  readonly url: string;
  /** Milliseconds that the caller still waits; undefined when it did not say. */
  readonly timeoutMs: number | undefined;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal | undefined;
}

/** Answers one decoded request: limits, validation, deadline, handler. */
export type Invoke = (request: Message, call: IncomingCall) => Promise<Message>;

/** A method that is served in this process. */
export interface ServedMethod {
  readonly method: DescMethodUnary;
  readonly invoke: Invoke;
}

/** `oteldemo.CartService/GetCart`, the name that logs and telemetry use. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
