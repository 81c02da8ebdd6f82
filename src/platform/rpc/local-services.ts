import {
  create,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type MethodImpl, type Transport, type UnaryResponse } from "@connectrpc/connect";
import type { Logger } from "../logging/logger.ts";
import { tracedInvoke } from "../telemetry/rpc.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { platformErrors, rpcError } from "./errors.ts";
import { forwardedMethod } from "./forwarded-method.ts";
import { type Concurrency, defaultLimits, type ServerLimits, serveMethod } from "./serve-method.ts";
import { type Invoke, methodName, type Route, type ServedMethod } from "./service-routes.ts";

/** A method whose answers may come from somewhere else from now on. */
class SwitchableMethod implements ServedMethod {
  readonly method: DescMethodUnary;
  #invoke: Invoke;

  constructor(method: DescMethodUnary, invoke: Invoke) {
    this.method = method;
    this.#invoke = invoke;
  }

  readonly invoke: Invoke = (request, call) => this.#invoke(request, call);

  switchTo(invoke: Invoke): void {
    this.#invoke = invoke;
  }
}

/** The RPC services that this process serves. */
export class LocalServices {
  readonly #methods = new Map<DescMethodUnary, ServedMethod>();
  readonly #concurrency = new Map<DescService, Concurrency>();
  readonly #streams = new Map<DescMethod, MethodImpl<DescMethod>>();

  /** Serves a service, here from now on if it was served elsewhere. */
  add(
    route: Route,
    options: { readonly log: Logger; readonly limits?: Partial<ServerLimits>; readonly telemetry?: Telemetry },
  ): void {
    const limits = { ...defaultLimits, ...options.limits };
    const concurrency = { inFlight: 0 };
    this.#concurrency.set(route.service, concurrency);
    for (const method of route.service.methods) {
      const implementation = route.implementation[method.localName];
      if (implementation === undefined) throw new Error(`${methodName(method)} needs an implementation`);
      if (!isUnary(method)) {
        this.#streams.set(method, implementation);
        continue;
      }
      const invoke = serveMethod({
        method,
        implementation: implementation as Parameters<typeof serveMethod>[0]["implementation"],
        limits,
        concurrency,
        log: options.log,
      });
      const { telemetry } = options;
      this.#serve(method, telemetry === undefined ? invoke : tracedInvoke(method, invoke, telemetry));
    }
  }

  /** Serves a service by calling it elsewhere; all who know its methods do so from their next call on. */
  forward(service: DescService, transport: Transport): void {
    for (const method of service.methods.filter(isUnary)) {
      this.#serve(method, forwardedMethod(method, transport).invoke);
    }
  }

  /** The calls of a service that are answered here, those before it was added for the last time excluded. */
  concurrency(service: DescService): Concurrency | undefined {
    return this.#concurrency.get(service);
  }

  #serve(method: DescMethodUnary, invoke: Invoke): void {
    const known = this.#methods.get(method);
    if (known instanceof SwitchableMethod) known.switchTo(invoke);
    else this.#methods.set(method, new SwitchableMethod(method, invoke));
  }

  /** Refuses a method, whoever serves it. */
  refuse(method: DescMethodUnary): void {
    const message = `${methodName(method)} is for the other services only.`;
    this.#methods.set(method, {
      method,
      invoke: () => Promise.reject(rpcError(platformErrors.METHOD_NOT_PUBLIC, message)),
    });
  }

  /** Those that answer for `services`. */
  only(services: readonly DescService[]): LocalServices {
    const some = new LocalServices();
    for (const [method, served] of this.#methods) {
      if (services.includes(method.parent)) some.#methods.set(method, served);
    }
    for (const [method, implementation] of this.#streams) {
      if (services.includes(method.parent)) some.#streams.set(method, implementation);
    }
    return some;
  }

  services(): readonly DescService[] {
    return [...new Set([...this.#methods.keys(), ...this.#streams.keys()].map(({ parent }) => parent))];
  }

  find(method: DescMethodUnary): ServedMethod | undefined {
    return this.#methods.get(method);
  }

  methods(): Iterable<ServedMethod> {
    return this.#methods.values();
  }

  /** Streaming methods, which are for callers over the network only and have no deadline of ours. */
  streams(): Iterable<readonly [DescMethod, MethodImpl<DescMethod>]> {
    return this.#streams;
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

const reservedHeaders = new Set(["content-type", "connect-timeout-ms", "grpc-timeout"]);

/**
 * Calls a service of the same process directly. Messages are still encoded and decoded on both ways, so that neither
 * side can reach into the other's data and nothing passes that would not pass the network.
 */
export function localTransport(services: LocalServices): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input) {
      const served = services.find(method);
      if (served === undefined) {
        throw new ConnectError(`${methodName(method)} is not served here.`, Code.Unimplemented);
      }
      if (signal?.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
      const requestHeader = new Headers(header);
      for (const name of reservedHeaders) requestHeader.delete(name);
      const responseHeader = new Headers();
      const responseTrailer = new Headers();
      try {
        const request = copy(method.input, create(method.input, input));
        const answer = served.invoke(request, {
          header: requestHeader,
          responseHeader,
          responseTrailer,
          protocolName: "local",
          requestMethod: "POST",
          url: "",
          timeoutMs,
          signal,
        });
        const response = await (signal === undefined ? answer : unlessAborted(answer, signal));
        return {
          stream: false,
          service: method.parent,
          method,
          header: responseHeader,
          trailer: responseTrailer,
          message: copy(method.output, response),
        } as UnaryResponse<typeof method.input, typeof method.output>;
      } catch (error) {
        throw overTheWire(error);
      }
    },
    stream(method) {
      return Promise.reject(new ConnectError(`${methodName(method)} is not served here.`, Code.Unimplemented));
    },
  };
}

/** A caller who gives up waits no longer, whatever the handler does. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(ConnectError.from(signal.reason, Code.Canceled));
    signal.addEventListener("abort", abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function copy<D extends DescMethodUnary["input"]>(schema: D, message: Message): ReturnType<typeof fromBinary<D>> {
  return fromBinary(schema, toBinary(schema, message as Parameters<typeof toBinary<D>>[1]));
}

/** What a client on the other side of a network would see: code, message, metadata and details, but not the cause. */
function overTheWire(error: unknown): ConnectError {
  const from = ConnectError.from(error);
  const wire = new ConnectError(from.rawMessage, from.code, from.metadata);
  wire.details = from.details.map((detail) => {
    if (!("desc" in detail)) return detail;
    return { type: detail.desc.typeName, value: toBinary(detail.desc, create(detail.desc, detail.value)) };
  });
  return wire;
}
