import type { Transport } from "@connectrpc/connect";
import { currentCall } from "../src/platform/rpc/call-context.ts";
import { methodName } from "../src/platform/rpc/service-routes.ts";

/**
 * A timeout is told in milliseconds from when it was reckoned, and a busy machine may pause the process between then and
 * here. Calls that forgot their caller's deadline have seconds too many.
 */
const pauseMs = 500;

/** Watches that every outgoing call has a deadline, and none later than that of the call it is made for. */
export class DeadlineProbe {
  readonly #violations = new Set<string>();

  around(inner: Transport): Transport {
    return {
      unary: (method, signal, timeoutMs, ...rest) => {
        const parent = currentCall();
        if (timeoutMs === undefined) this.#violations.add(`${methodName(method)} was called without a deadline`);
        else if (parent !== undefined && performance.now() + timeoutMs > parent.deadline + pauseMs) {
          this.#violations.add(`${methodName(method)} was given longer than its caller has`);
        }
        return inner.unary(method, signal, timeoutMs, ...rest);
      },
      stream: (...call) => inner.stream(...call),
    };
  }

  /** @throws when a call broke the rule */
  assertKept(): void {
    if (this.#violations.size > 0) throw new Error([...this.#violations].join("\n"));
  }
}
