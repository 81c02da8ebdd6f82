import { setTimeout as sleep } from "node:timers/promises";
import { isStoreUnavailable } from "./store-unavailable.ts";

/**
 * Repeats `work` until `signal` is aborted, whatever goes wrong. After a failure it pauses, each time longer, up to
 * `maxPauseMs` milliseconds. Every failure is told as an error, but of a store that stays away only the first one.
 *
 * @param options.work says by `works` that it has got so far that what was wrong before is over
 */
export async function throughOutages(options: {
  readonly work: (works: () => void) => Promise<void>;
  readonly signal: AbortSignal;
  readonly maxPauseMs: number;
  readonly tell: (level: "error" | "debug", error: unknown) => void;
}): Promise<void> {
  const { work, signal, maxPauseMs, tell } = options;
  let failures = 0;
  const works = () => {
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      await work(works);
      works();
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      tell(isStoreUnavailable(error) && failures > 1 ? "debug" : "error", error);
      await sleep(Math.min(50 * 2 ** failures, maxPauseMs), undefined, { signal }).catch(() => {});
    }
  }
}
