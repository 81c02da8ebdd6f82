import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, platformErrors, rpcError } from "../../platform/rpc/errors.ts";
import { cartErrors } from "./errors.ts";

export type CartFaults = ReturnType<typeof cartFaults>;

/** Somebody whom the store does not know. */
export interface Stranger {
  readonly username: string;
  readonly password: string;
}

const stranger: Stranger = { username: "cart_until_june", password: "expired" };

/** What the flags of cart break. */
export function cartFaults({ flags }: Pick<ServiceContext, "flags">, logInAs: (stranger: Stranger) => Promise<void>) {
  return {
    /** Logs in to the store as somebody whom it does not know, and fails as the store refuses. */
    async beforeAnything(): Promise<void> {
      if (!(await flags.value("cartStoreCredentials", false))) return;
      try {
        await logInAs(stranger);
      } catch (cause) {
        throw markRetriesSpent(rpcError(platformErrors.STORE_UNAVAILABLE, "The store of carts refuses us.", { cause }));
      }
    },
    /** Fails as it would without a connection to the store; the OpenTelemetry Demo's code for that is kept. */
    async beforeEmptyCart(): Promise<void> {
      if (Math.random() >= (await flags.value("cartFailure", 0))) return;
      throw markRetriesSpent(rpcError(cartErrors.CART_STORE_UNREACHABLE, "The store of carts cannot be reached."));
    },
    failsReadiness: (): Promise<boolean> => flags.value("failedReadinessProbe", false),
  };
}
