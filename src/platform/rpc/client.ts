import { setTimeout as sleep } from "node:timers/promises";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type CallContext, currentCall } from "./call-context.ts";
import { areRetriesSpent, markRetriesSpent, platformErrors, rpcError } from "./errors.ts";
import type { MetadataInit } from "./http2-metadata.ts";
import { RetryBudget } from "./retry-budget.ts";
import { methodName } from "./service-routes.ts";

/** Header of calls that may be repeated: the same key has its effect once. */
export const idempotencyKeyHeader = "idempotency-key";

/** How a client deals with time and failure. */
export interface ClientPolicy {
  /** Longest time for a call with all its retries, in milliseconds. */
  readonly timeoutMs: number;
  /** Attempts at most, the first included. */
  readonly attempts: number;
  /** Time kept back from the caller's remainder for the way back, in milliseconds. */
  readonly marginMs: number;
  /** Full jitter grows from this, doubling, in milliseconds. */
  readonly backoffMs: number;
}

export const defaultPolicy: ClientPolicy = { timeoutMs: 5_000, attempts: 3, marginMs: 5, backoffMs: 25 };

/** A client of a service whose calls have deadlines and safe retries, see {@link resilientTransport}. */
export function client<S extends DescService>(
  service: S,
  transport: Transport,
  policy: Partial<ClientPolicy> = {},
): Client<S> {
  return createClient(service, resilientTransport(transport, policy));
}

/**
 * Gives every unary call
 * - a deadline: the policy's or the one asked for, and never later than that of the call served here, less a margin;
 * - the end of the call served here as its own end, and its propagated metadata;
 * - another attempt where that is safe and may help: the server was not available, the method has no effect twice or
 *   the call carries an idempotency key, no one further down has retried already, time is left, and the budget
 *   allows it. Waits are random between zero and a doubling bound (full jitter).
 */
export function resilientTransport(inner: Transport, policy: Partial<ClientPolicy> = {}): Transport {
  const { timeoutMs: policyTimeoutMs, attempts, marginMs, backoffMs } = { ...defaultPolicy, ...policy };
  const budget = new RetryBudget({ ratio: 0.1, capacity: 10 });

  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const parent = currentCall();
      const now = performance.now();
      const wanted = now + (timeoutMs ?? policyTimeoutMs);
      const deadline = parent === undefined ? wanted : Math.min(wanted, parent.deadline - marginMs);
      const headers = withPropagated(header, parent?.propagated ?? []);
      const repeatable = isRepeatable(method, headers);
      budget.request();
      for (let attempt = 1; ; attempt++) {
        // Whole milliseconds: the unit of timeouts on the wire.
        const remaining = Math.floor(deadline - performance.now());
        if (remaining <= 0) {
          throw rpcError(platformErrors.DEADLINE_EXCEEDED, `No time is left to call ${methodName(method)}.`);
        }
        try {
          return await inner.unary(method, signal, remaining, headers, input, contextValues);
        } catch (cause) {
          const error = ConnectError.from(cause);
          if (!repeatable || error.code !== Code.Unavailable || areRetriesSpent(error)) throw error;
          const pause = Math.random() * backoffMs * 2 ** (attempt - 1);
          if (attempt >= attempts || performance.now() + pause >= deadline || !budget.tryRetry()) {
            throw markRetriesSpent(error);
          }
          await pauseUnlessCancelled(pause, signal, parent);
        }
      }
    },
    stream: (...call) => inner.stream(...call),
  };
}

/** Metadata of one's own goes before what travels along. */
function withPropagated(
  header: MetadataInit | undefined,
  propagated: CallContext["propagated"],
): MetadataInit | undefined {
  if (propagated.length === 0) return header;
  const headers = new Headers(header);
  for (const [name, value] of propagated) if (!headers.has(name)) headers.set(name, value);
  return headers;
}

function isRepeatable(method: DescMethodUnary, header: MetadataInit | undefined): boolean {
  if (method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN) return true;
  return header !== undefined && new Headers(header).has(idempotencyKeyHeader);
}

async function pauseUnlessCancelled(ms: number, signal: AbortSignal | undefined, parent: CallContext | undefined) {
  const signals = [signal, parent?.signal].filter((candidate) => candidate !== undefined);
  try {
    await sleep(ms, undefined, { signal: AbortSignal.any(signals) });
  } catch (cause) {
    throw new ConnectError("The caller went away.", Code.Canceled, undefined, undefined, cause);
  }
}
