import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { paymentErrors } from "./errors.ts";

export type PaymentFaults = ReturnType<typeof paymentFaults>;

/** What the flags of payment break. */
export function paymentFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    async beforeCharge(): Promise<void> {
      if (Math.random() >= (await flags.value("paymentFailure", 0))) return;
      const message = "The charge failed: the card processor refuses our token. Nothing was charged.";
      throw markRetriesSpent(rpcError(paymentErrors.CHARGE_FAILED, message));
    },
  };
}
