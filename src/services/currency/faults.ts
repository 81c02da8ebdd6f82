import { setTimeout as sleep } from "node:timers/promises";
import type { Money } from "../../domain/money.ts";
import { flagWorker } from "../../platform/flags/flag-worker.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { currencyErrors } from "./errors.ts";

export type CurrencyFaults = ReturnType<typeof currencyFaults>;

/** The currency whose rate can be wrong. */
const misquoted = "CAD";
const blockedMs = 700;
const freeMs = 300;

/** What the flags of currency break. */
export function currencyFaults({ flags, log }: Pick<ServiceContext, "flags" | "log">) {
  return {
    async beforeConverting(toCode: string): Promise<void> {
      const failing = await flags.value("currencyConversionFailure", "");
      if (failing === "" || failing !== toCode) return;
      const message = `The rate of ${toCode} cannot be had at the moment.`;
      throw markRetriesSpent(rpcError(currencyErrors.RATE_UNAVAILABLE, message));
    },
    /** An amount as it comes out with the rate that is configured. */
    async converted(money: Money): Promise<Money> {
      if (money.currency !== misquoted) return money;
      const factor = await flags.value("currencyWrongRate", 1);
      if (factor === 1) return money;
      return { ...money, nanos: (money.nanos * BigInt(Math.round(factor * 1_000))) / 1_000n };
    },
    workers: [
      flagWorker({
        flags,
        log,
        isOn: () => flags.value("currencyEventLoopStall", false),
        async round(signal) {
          const until = performance.now() + blockedMs;
          while (performance.now() < until);
          await sleep(freeMs, undefined, { signal });
        },
      }),
    ],
  };
}
