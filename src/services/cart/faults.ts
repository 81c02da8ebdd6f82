import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { cartErrors } from "./errors.ts";

export type CartFaults = ReturnType<typeof cartFaults>;

/** What the flags of cart break. */
export function cartFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    /** Fails as it would without a connection to the store; the OpenTelemetry Demo's code for that is kept. */
    async beforeEmptyCart(): Promise<void> {
      if (Math.random() >= (await flags.value("cartFailure", 0))) return;
      throw markRetriesSpent(rpcError(cartErrors.CART_STORE_UNREACHABLE, "The store of carts cannot be reached."));
    },
    failsReadiness: (): Promise<boolean> => flags.value("failedReadinessProbe", false),
  };
}
