import { setTimeout as sleep } from "node:timers/promises";
import { flagWorker } from "../../platform/flags/flag-worker.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";

const longestMs = 5_000;
const busyMs = 20;
const betweenMs = 980;

/** What the flags of quote break. */
export function quoteFaults({ flags, log }: Pick<ServiceContext, "flags" | "log">) {
  /** Milliseconds of `performance.now()`; undefined while quotes are as fast as they should be. */
  let slowSince: number | undefined;
  return {
    async beforeQuote({ signal }: { readonly signal: AbortSignal }): Promise<void> {
      const perMinuteMs = await flags.value("quoteCreepingLatency", 0);
      if (perMinuteMs === 0) {
        slowSince = undefined;
        return;
      }
      slowSince ??= performance.now();
      const minutes = (performance.now() - slowSince) / 60_000;
      await sleep(Math.min(minutes * perMinuteMs, longestMs), undefined, { signal });
    },
    workers: [
      flagWorker({
        flags,
        log,
        isOn: () => flags.value("quoteBusyMoments", false),
        async round(signal) {
          compute(busyMs);
          await sleep(betweenMs, undefined, { signal });
        },
      }),
    ],
  };
}

/** Keeps the processor busy for so many milliseconds. */
function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
