import { create, type DescMethodUnary, isMessage, type Message } from "@bufbuild/protobuf";
import { createValidator, type Violation, violationsToProto } from "@bufbuild/protovalidate";
import { ViolationsSchema } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import type { Logger } from "../logging/logger.ts";
import { isNoted } from "../sql/server-state.ts";
import { isDiskFull, isStoreUnavailable } from "../sql/store-unavailable.ts";
import { type CallContext, currentCall, propagatedMetadata, withCall } from "./call-context.ts";
import { areRetriesSpent, errorDomain, markRetriesSpent, platformErrors, rpcError } from "./errors.ts";
import { type IncomingCall, type Invoke, methodName } from "./service-routes.ts";

/** Bounds on what a service takes. */
export interface ServerLimits {
  /** Calls served at once; one more is refused with RESOURCE_EXHAUSTED. */
  readonly concurrency: number;
  /** Longest time for a call, and the deadline of callers that give none, in milliseconds. */
  readonly timeoutMs: number;
}

export const defaultLimits: ServerLimits = { concurrency: 512, timeoutMs: 15_000 };

const validator = createValidator();

/** How many calls a service is serving. */
export interface Concurrency {
  inFlight: number;
}

/**
 * Makes a handler safe to expose: refuses what exceeds the limits or breaks a validation rule, ends the call at its
 * deadline whatever the handler does, gives the handler's own calls their context, and lets no unexpected error out.
 */
export function serveMethod(options: {
  readonly method: DescMethodUnary;
  readonly implementation: MethodImpl<DescMethodUnary>;
  readonly limits: ServerLimits;
  readonly concurrency: Concurrency;
  readonly log: Logger;
}): Invoke {
  const { method, implementation, limits, concurrency, log } = options;
  const name = methodName(method);
  return async (request, incoming) => {
    if (concurrency.inFlight >= limits.concurrency) {
      throw rpcError(platformErrors.OVERLOADED, `${method.parent.name} already serves ${limits.concurrency} calls.`);
    }
    const scope = new CallScope(method, incoming, limits.timeoutMs);
    concurrency.inFlight++;
    try {
      validate(method, request);
      return await scope.race(() => handle(implementation, method, request, scope));
    } catch (error) {
      throw scope.ended ?? toRpcError(error, name, log);
    } finally {
      concurrency.inFlight--;
      scope.end();
    }
  };
}

async function handle(
  implementation: MethodImpl<DescMethodUnary>,
  method: DescMethodUnary,
  request: Message,
  scope: CallScope,
): Promise<Message> {
  const response = await implementation(request, scope);
  return isMessage(response, method.output) ? response : create(method.output, response);
}

function validate(method: DescMethodUnary, request: Message): void {
  const result = validator.validate(method.input, request);
  if (result.kind === "valid") return;
  if (result.kind === "error") throw result.error;
  const text = result.violations.map(describeViolation).join("; ");
  throw new ConnectError(`${method.input.name} is not valid: ${text}`, Code.InvalidArgument, undefined, [
    { desc: ErrorInfoSchema, value: { reason: platformErrors.INVALID_REQUEST.reason, domain: errorDomain } },
    { desc: ViolationsSchema, value: violationsToProto(result.violations)[0] },
  ]);
}

function describeViolation(violation: Violation): string {
  const field = violation.field
    .map((part) => (part.kind === "field" ? part.name : part.kind === "list_sub" ? `[${part.index}]` : ""))
    .join(".")
    .replaceAll(".[", "[");
  return field === "" ? violation.message : `${field}: ${violation.message}`;
}

function toRpcError(error: unknown, name: string, log: Logger): ConnectError {
  if (error instanceof ConnectError) {
    if (error.cause !== undefined) log.debug({ error: error.cause, method: name }, error.rawMessage);
    if (error.code !== Code.Unavailable || !areRetriesSpent(error)) return error;
    // Connect sends no metadata of an error that it received itself, so the mark needs one of our own.
    const own = new ConnectError(error.rawMessage, error.code, undefined, undefined, error);
    own.details = error.details;
    return markRetriesSpent(own);
  }
  if (isStoreUnavailable(error)) {
    const problem = isDiskFull(error) ? "The database has no room to write" : "The database does not answer";
    // What is wrong with PostgreSQL is told once, where it is asked: a line for each call would hide it.
    log[isNoted(error) ? "debug" : "error"]({ error, method: name }, problem);
    return rpcError(platformErrors.STORE_UNAVAILABLE, `${problem}; try again later.`, { cause: error });
  }
  log.error({ error, method: name }, "A call failed unexpectedly");
  return rpcError(platformErrors.INTERNAL, "Something went wrong on our side.", { cause: error });
}

/**
 * The life of one incoming call: the handler's context, and what calls made in turn inherit. Its signal exists only
 * when somebody asks for it, because most handlers in the same process never do.
 */
class CallScope implements HandlerContext, CallContext {
  readonly service;
  readonly deadline: number;
  readonly #incoming: IncomingCall;
  readonly #parent: CallContext | undefined;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: ConnectError | undefined;
  #values: ContextValues | undefined;
  #propagated: CallContext["propagated"] | undefined;
  #unlink: (() => void) | undefined;

  readonly method: DescMethodUnary;

  constructor(method: DescMethodUnary, incoming: IncomingCall, limitMs: number) {
    this.method = method;
    this.service = method.parent;
    this.#incoming = incoming;
    this.#parent = incoming.protocolName === "local" ? currentCall() : undefined;
    this.deadline = performance.now() + Math.min(incoming.timeoutMs ?? limitMs, limitMs);
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    const outer = [this.#incoming.signal, this.#parent?.signal].filter((signal) => signal !== undefined);
    const abort = () => {
      this.#ended ??= new ConnectError("The caller went away.", Code.Canceled);
      controller.abort(this.#ended);
    };
    if (this.#ended !== undefined) abort();
    for (const signal of outer) {
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    }
    this.#unlink = () => {
      for (const signal of outer) signal.removeEventListener("abort", abort);
    };
    return controller.signal;
  }

  /** Why the call ended before its handler did; what the handler then failed with is a consequence. */
  get ended(): ConnectError | undefined {
    return this.#ended;
  }

  timeoutMs = (): number => Math.max(0, this.deadline - performance.now());

  /** Only a call that is made in turn needs it, and putting the headers of one together is not free. */
  get propagated() {
    this.#propagated ??= propagatedMetadata(this.#incoming.header);
    return this.#propagated;
  }
  get requestMethod() {
    return this.#incoming.requestMethod;
  }
  get requestHeader() {
    return this.#incoming.header;
  }
  get responseHeader() {
    return this.#incoming.responseHeader;
  }
  get responseTrailer() {
    return this.#incoming.responseTrailer;
  }
  get protocolName() {
    return this.#incoming.protocolName;
  }
  get url() {
    return this.#incoming.url;
  }
  get values() {
    this.#values ??= createContextValues();
    return this.#values;
  }

  /** Runs the handler; ends with DEADLINE_EXCEEDED when it takes longer than the caller waits. */
  race<T>(handler: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#timer = setTimeout(() => {
        this.#ended ??= rpcError(platformErrors.DEADLINE_EXCEEDED, `${methodName(this.method)} took too long.`);
        this.#controller?.abort(this.#ended);
        reject(this.#ended);
      }, this.timeoutMs());
      withCall(this, handler).then(resolve, reject);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unlink?.();
  }
}
