import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../logging/logger.ts";
import { isStoreUnavailable } from "../sql/store-unavailable.ts";
import { type ConsumeOptions, PoisonEventError, type ReceivedEvent } from "./event-log.ts";

/** Longest text that is kept of why an event was set aside. */
const reasonLength = 1_000;

/** Why an event is among the dead letters. */
export interface DeadLetter {
  readonly attempts: number;
  readonly reason: string;
}

/**
 * Handles an event, again and again if need be. Returns when it is handled or set aside; throws only when neither can
 * be, or the signal ends it: then it comes again.
 */
export async function handleEvent(
  event: Omit<ReceivedEvent, "attempt">,
  context: {
    readonly options: ConsumeOptions;
    readonly setAside: (letter: DeadLetter) => Promise<void>;
    readonly signal: AbortSignal;
    readonly log: Logger;
  },
): Promise<void> {
  const { options, setAside, signal, log } = context;
  const { handler, attempts = 5, backoffMs = 100 } = options;
  const offset = event.offset.toString();
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw new Error("The consumer stops; the message comes again.");
    try {
      return await handler({ ...event, attempt });
    } catch (error) {
      // A store that is away says nothing about the message: wait for it as long as it takes.
      if (isStoreUnavailable(error)) {
        attempt--;
        await sleep(500, undefined, { signal }).catch(() => {});
        continue;
      }
      if (attempt >= attempts || error instanceof PoisonEventError) {
        await setAside({ attempts: attempt, reason: String(error).slice(0, reasonLength) });
        log.error({ error, offset, attempts: attempt }, "An event is set aside as a dead letter");
        return;
      }
      log.warn({ error, offset, attempt }, "An event could not be handled yet");
      await sleep(backoffMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => {});
    }
  }
}
