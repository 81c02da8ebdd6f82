import type { Logger } from "../logging/logger.ts";
import type { Worker } from "./service.ts";
import { WakeSignal } from "./wake-signal.ts";

/** A worker that does something at once and then again and again; {@link PeriodicWorker.wake} brings the next time forward. */
export interface PeriodicWorker extends Worker {
  wake(): void;
}

/**
 * Repeats `work` with a pause of `everyMs` milliseconds between the end of one and the start of the next. A failure is
 * logged and does not end it.
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
  async function run(): Promise<void> {
    while (!isStopping) {
      try {
        await work();
      } catch (error) {
        log.error({ error }, `Could not ${name}`);
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
