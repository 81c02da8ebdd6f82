import { WakeSignal } from "../../platform/lifecycle/wake-signal.ts";

/** Said as often as this though nothing has changed, so that nothing between takes the stream for idle. */
const keepAliveMs = 10_000;

interface Changing {
  onState?(listener: () => void): () => void;
  onChange?(listener: () => void): () => void;
}

/** Yields at once, and whenever one of these has changed, until `signal`; changes close together are one. */
export async function* changesOf(sources: readonly Changing[], signal: AbortSignal): AsyncIterable<void> {
  const woken = new WakeSignal();
  const wake = () => woken.wake();
  const unsubscribe = sources.map((source) => source.onState?.(wake) ?? source.onChange?.(wake));
  signal.addEventListener("abort", wake, { once: true });
  try {
    while (!signal.aborted) {
      yield;
      await woken.wait(keepAliveMs);
    }
  } finally {
    for (const end of unsubscribe) end?.();
    signal.removeEventListener("abort", wake);
  }
}
