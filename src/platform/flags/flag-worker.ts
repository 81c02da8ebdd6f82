import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "../lifecycle/service.ts";
import type { Logger } from "../logging/logger.ts";
import type { ServiceFlags } from "./service-flags.ts";

const pauseMs = 100;

/** Work that is done again and again for as long as a flag is on; a failure of it is no more than a pause. */
export function flagWorker(options: {
  readonly flags: ServiceFlags;
  readonly isOn: () => Promise<boolean>;
  readonly round: (signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}): Worker {
  const { flags, isOn, round, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;
  let hasChanged = false;
  let unsubscribe = () => {};
  async function run(): Promise<void> {
    while (hasChanged) {
      hasChanged = false;
      while (!signal.aborted && (await isOn())) {
        try {
          await round(signal);
        } catch (error) {
          if (signal.aborted) return;
          log.debug({ error }, "A round of work failed");
          await sleep(pauseMs, undefined, { signal }).catch(() => {});
        }
      }
    }
    running = undefined;
  }
  function look(): void {
    hasChanged = true;
    running ??= run();
  }
  return {
    start() {
      unsubscribe = flags.onChange(look);
      look();
    },
    async stop() {
      unsubscribe();
      stopping.abort();
      await running;
    },
  };
}
