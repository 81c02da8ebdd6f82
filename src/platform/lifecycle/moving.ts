import { setTimeout as sleep } from "node:timers/promises";
import type { Transport } from "@connectrpc/connect";
import { context, propagation } from "@opentelemetry/api";
import { forwardHttp } from "../http/forward.ts";
import { sendProblem, titleOf } from "../http/problem.ts";
import { whenClosed } from "../http/when-closed.ts";
import { platformErrors, rpcError } from "../rpc/errors.ts";
import type { LocalServices } from "../rpc/local-services.ts";
import { replicatedTransport } from "../rpc/replicas.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../rpc/rpc-handler.ts";
import type { Concurrency } from "../rpc/serve-method.ts";
import { methodName } from "../rpc/service-routes.ts";
import type { MovableService } from "./own-process.ts";
import type { RunningService, ServiceDeclaration } from "./service.ts";

/** What answers a service's requests beside RPC: what runs here, or what runs elsewhere. */
export class SwitchableHttp {
  readonly #own: () => HttpHandler | undefined;
  #elsewhere: HttpHandler | undefined;
  #concurrency: Concurrency = { inFlight: 0 };

  constructor(own: () => HttpHandler | undefined) {
    this.#own = own;
  }

  readonly handler: HttpHandler = (request, response) => {
    if (this.#elsewhere !== undefined) return this.#elsewhere(request, response);
    const own = this.#own();
    if (own === undefined) return sendProblem(response, { status: 404, title: titleOf(404) });
    const concurrency = this.#concurrency;
    concurrency.inFlight++;
    whenClosed(response, () => concurrency.inFlight--);
    own(request, response);
  };

  /** Of the requests that are answered here, until the next time that they are answered anew. */
  get concurrency(): Concurrency {
    return this.#concurrency;
  }

  /** Has requests answered at origins in turn, by nobody if there is none. */
  leave(origins: readonly string[]): void {
    this.#elsewhere = origins.length === 0 ? refuse : forwardHttp(origins);
  }

  comeBack(): void {
    this.#concurrency = { inFlight: 0 };
    this.#elsewhere = undefined;
  }
}

/** The parts of a process that know a service. */
interface Surroundings {
  readonly local: LocalServices;
  readonly http: SwitchableHttp;
  readonly scraped: SwitchableHttp;
  /** The services that are there, by name. */
  readonly services: Map<string, RunningService>;
  /** Whether another process answers at the moment. */
  readonly isServing: () => boolean;
  /** Starts it anew; from then on its calls are answered here. */
  start(): Promise<void>;
  /** What closes that which it has opened so far. */
  closing(): () => Promise<void>;
}

/** What is under way here when a service leaves has this long, in milliseconds. */
const drainMs = 6_000;

/** A service of this process, as one that can leave it. */
export function movable(declaration: ServiceDeclaration, around: Surroundings): MovableService {
  const { local, http, scraped, services } = around;
  const { name, rpc } = declaration;
  /** What has been started here and not been let go of. */
  let own = services.get(name);

  /** To be asked for before something else answers; lets go of what did, when that has nothing under way any more. */
  function lettingGo(): () => Promise<void> {
    const left = own;
    if (left === undefined) return async () => {};
    const underWay = [http.concurrency, scraped.concurrency, ...rpc.flatMap((each) => local.concurrency(each) ?? [])];
    const close = around.closing();
    own = undefined;
    return async () => {
      await Promise.all((left.workers ?? []).map((worker) => worker.stop()));
      const until = performance.now() + drainMs;
      while (underWay.some(({ inFlight }) => inFlight > 0) && performance.now() < until) await sleep(10);
      await left.stop?.();
      await close();
    };
  }

  return {
    name,
    async leave(addresses) {
      const letGo = lettingGo();
      const origins = addresses.map(({ origin }) => origin);
      const transport = origins.length === 0 ? nobody : withContext(replicatedTransport(origins));
      for (const service of rpc) local.forward(service, transport);
      http.leave(origins);
      // One page tells of one process.
      scraped.leave(addresses.flatMap(({ scraped: page }) => page ?? []).slice(0, 1));
      services.set(name, { isReady: around.isServing });
      await letGo();
    },
    async comeBack() {
      const letGo = lettingGo();
      await around.start();
      own = services.get(name);
      for (const worker of own?.workers ?? []) worker.start();
      http.comeBack();
      scraped.comeBack();
      await letGo();
    },
  };
}

/** Sends along what the context of a call says, which needs no headers within a process. */
function withContext(inner: Transport): Transport {
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const headers = new Headers(header);
      propagation.inject(context.active(), headers, { set: (carrier, name, value) => carrier.set(name, value) });
      return inner.unary(method, signal, timeoutMs, headers, input, contextValues);
    },
    stream: (...call) => inner.stream(...call),
  };
}

/** Answers as a service does that is not there. */
const nobody: Transport = {
  async unary(method) {
    throw rpcError(platformErrors.SERVICE_UNAVAILABLE, `${methodName(method)} cannot be reached.`);
  },
  async stream(method) {
    throw rpcError(platformErrors.SERVICE_UNAVAILABLE, `${methodName(method)} cannot be reached.`);
  },
};

function refuse(_: HttpRequest, response: HttpResponse): void {
  sendProblem(response, {
    status: 503,
    title: titleOf(503),
    detail: "A part of the shop cannot be reached at the moment; try again in a little while.",
    reason: platformErrors.SERVICE_UNAVAILABLE.reason,
  });
}
