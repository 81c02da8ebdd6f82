import type { Logger } from "../logging/logger.ts";
import { isStoreUnavailable } from "../sql/store-unavailable.ts";
import type { Worker } from "./service.ts";
import { WakeSignal } from "./wake-signal.ts";

/** A worker that does something at once and then again and again; {@link PeriodicWorker.wake} brings the next time forward. */
export interface PeriodicWorker extends Worker {
  wake(): void;
}

/**
 * Repeats `work` with a pause of `everyMs` milliseconds between the end of one and the start of the next. A failure does
 * not end it: it is logged when its reason is another than before, and once when the work succeeds again.
 */
export function periodic(options: {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly log: Logger;
}): PeriodicWorker {
  const { name, everyMs, work, log } = options;
  const signal = new WakeSignal();
  let isStopping = false;
  let loop: Promise<void> | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  let trouble: string | undefined;
  async function run(): Promise<void> {
    while (!isStopping) {
      try {
        await work();
        // Whoever saw the error is to see its end: `npm start` shows warnings only.
        if (trouble !== undefined) log.warn(`It can ${name} again`);
        trouble = undefined;
      } catch (error) {
        const reason = reasonOf(error);
        log[reason === trouble ? "debug" : "error"]({ error }, `Could not ${name}`);
        trouble = reason;
      }
      if (!isStopping) await signal.wait(everyMs);
    }
  }
  return {
    start() {
      loop ??= run();
    },
    wake: () => signal.wake(),
    async stop() {
      isStopping = true;
      signal.wake();
      await loop;
    },
  };
}

/** A store that is away refuses in many ways, one after the other: that is one reason. */
function reasonOf(error: unknown): string {
  return isStoreUnavailable(error) ? "the store is unavailable" : String(error);
}
