import { setTimeout as sleep } from "node:timers/promises";
import { flagWorker } from "../../platform/flags/flag-worker.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import type { Database } from "../../platform/sql/database.ts";
import { paymentErrors } from "./errors.ts";

export type PaymentFaults = ReturnType<typeof paymentFaults>;

/** A statement may run for ten. */
const holdSeconds = 2;
const longestWaitMs = 30_000;

/** What the flags of payment break. */
export function paymentFaults({ flags, log }: Pick<ServiceContext, "flags" | "log">, { sql }: Pick<Database, "sql">) {
  const connectionsTaken = () => flags.value("paymentPoolExhaustion", 0);
  const takesConnections = flagWorker({
    flags,
    log,
    isOn: async () => (await connectionsTaken()) > 0,
    async round() {
      const held = Array.from({ length: await connectionsTaken() }, () => sql`select pg_sleep(${holdSeconds})`);
      await Promise.allSettled(held);
    },
  });
  return {
    workers: [takesConnections],
    /** The time by which cards are judged. */
    async now(): Promise<Date> {
      const years = await flags.value("paymentClockSkew", 0);
      const now = new Date();
      if (years > 0) now.setFullYear(now.getFullYear() + years);
      return now;
    },
    /** Answers no sooner than the caller has given up. */
    async afterCharge({ signal }: { readonly signal: AbortSignal }): Promise<void> {
      if (Math.random() >= (await flags.value("paymentSlowAfterCharge", 0))) return;
      await sleep(longestWaitMs, undefined, { signal });
    },
    async beforeCharge(): Promise<void> {
      if (Math.random() >= (await flags.value("paymentFailure", 0))) return;
      const message = "The charge failed: the card processor refuses our token. Nothing was charged.";
      throw markRetriesSpent(rpcError(paymentErrors.CHARGE_FAILED, message));
    },
  };
}
