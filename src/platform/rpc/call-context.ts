import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The call that the current code serves. Calls that it makes in turn inherit from it: they must end before it does,
 * end with it, and carry its propagated metadata.
 */
export interface CallContext {
  /** When the caller stops waiting, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** Aborted when the deadline passes or the caller goes away. */
  readonly signal: AbortSignal;
  /** Metadata that travels along a whole request: W3C trace context and baggage. */
  readonly propagated: readonly (readonly [name: string, value: string])[];
}

const storage = new AsyncLocalStorage<CallContext | undefined>();

/** The call that is served here, or undefined outside of one (timers, consumers, start-up). */
export function currentCall(): CallContext | undefined {
  return storage.getStore();
}

/** Runs `work` as part of the call. */
export function withCall<T>(call: CallContext | undefined, work: () => T): T {
  return storage.run(call, work);
}

const propagatedNames = ["traceparent", "tracestate", "baggage"] as const;

/** What of incoming metadata goes on to the calls made in turn: an allow-list, nothing else leaks. */
export function propagatedMetadata(header: { get(name: string): string | null }): CallContext["propagated"] {
  const found: (readonly [string, string])[] = [];
  for (const name of propagatedNames) {
    const value = header.get(name);
    if (value !== null) found.push([name, value]);
  }
  return found;
}
