import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";

const lookMs = 200;

/** What the flags of accounting break. */
export function accountingFaults({ flags }: Pick<ServiceContext, "flags">) {
  const stopping = new AbortController();
  const { signal } = stopping;
  return {
    /** Does not return while the consumer is stuck. */
    async beforeOrder(): Promise<void> {
      while (!signal.aborted && (await flags.value("accountingStuck", false))) {
        await sleep(lookMs, undefined, { signal }).catch(() => {});
      }
    },
    /** Comes before the consumer's own stop, which waits for what it has begun. */
    worker: { start() {}, stop: async () => stopping.abort() },
  };
}
