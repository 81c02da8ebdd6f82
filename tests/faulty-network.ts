import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { remoteTransport } from "../src/platform/rpc/remote-transport.ts";

export type FaultKind =
  /** Two seconds on the way there. */
  | "slow"
  /** Answered UNAVAILABLE without having arrived. */
  | "lost"
  /** Accepts the connection and never says a word. */
  | "hanging"
  /** Nothing listens. */
  | "refused"
  /** Has its effect, and the answer is lost. */
  | "answer-lost"
  /** Has its effect, and something answers that speaks no RPC. */
  | "answer-garbled";

export interface Fault {
  /** The methods that are hit: `oteldemo.CartService/GetCart`, or all of `oteldemo.CartService`. */
  readonly target: string;
  readonly kind: FaultKind;
  /** Calls that go through before. */
  readonly after?: number;
}

const latencyMs = 2_000;

/**
 * A network in which each request brings its own fault: the fault is named in the request's baggage, which travels
 * along with every call made for it, so that many tests can share a shop. A fault hits until it is repaired.
 */
export class FaultyNetwork {
  readonly #faults = new Map<string, { readonly fault: Fault; calls: number }>();
  readonly #blackHole: Server;
  readonly #hanging: Transport;
  readonly #refusing = remoteTransport("http://127.0.0.1:1");

  private constructor(blackHole: Server, port: number) {
    this.#blackHole = blackHole;
    this.#hanging = remoteTransport(`http://127.0.0.1:${port}`);
  }

  static async start(): Promise<FaultyNetwork> {
    const blackHole = createServer((socket) =>
      socket
        .resume()
        .on("error", () => {})
        .unref(),
    ).unref();
    await new Promise<void>((resolve) => blackHole.listen(0, "127.0.0.1", resolve));
    const address = blackHole.address();
    return new FaultyNetwork(blackHole, typeof address === "object" && address !== null ? address.port : 0);
  }

  /** Headers of a request that is to meet the fault, and how to end it. */
  breaks(fault: Fault): { readonly headers: { readonly baggage: string }; repair(): void } {
    const id = randomUUID();
    this.#faults.set(id, { fault, calls: 0 });
    return { headers: { baggage: `fault=${id}` }, repair: () => this.#faults.delete(id) };
  }

  around(inner: Transport): Transport {
    return {
      unary: async (...call) => {
        const [method, signal, timeoutMs = 0, header, ...rest] = call;
        const id = new Headers(header).get("baggage")?.match(/fault=([\w-]+)/)?.[1];
        const active = id === undefined ? undefined : this.#faults.get(id);
        const names: readonly string[] = [method.parent.typeName, `${method.parent.typeName}/${method.name}`];
        if (active === undefined || !names.includes(active.fault.target)) return inner.unary(...call);
        if (active.calls++ < (active.fault.after ?? 0)) return inner.unary(...call);
        switch (active.fault.kind) {
          case "slow":
            await sleep(Math.min(latencyMs, timeoutMs));
            if (timeoutMs <= latencyMs) throw new ConnectError("the answer came too late", Code.DeadlineExceeded);
            return inner.unary(method, signal, timeoutMs - latencyMs, header, ...rest);
          case "lost":
            throw new ConnectError("lost", Code.Unavailable);
          case "hanging":
            return this.#hanging.unary(...call);
          case "refused":
            return this.#refusing.unary(...call);
          case "answer-lost":
            await inner.unary(...call);
            throw new ConnectError("lost", Code.Unavailable);
          case "answer-garbled":
            await inner.unary(...call);
            throw new TypeError("not an answer");
        }
      },
      stream: (...call) => inner.stream(...call),
    };
  }

  stop(): void {
    this.#blackHole.close();
  }
}
