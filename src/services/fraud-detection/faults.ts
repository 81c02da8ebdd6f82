import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";

const delayMs = 1_000;

/** What a flag of checkout breaks here, too. */
export function fraudDetectionFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    async beforeOrder(): Promise<void> {
      // Consumers have no session of their own; the OpenTelemetry Demo makes one up for each message.
      if ((await flags.value("kafkaQueueProblems", 0, { session: randomUUID() })) > 0) await sleep(delayMs);
    },
  };
}
