import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { currentCall } from "../../platform/rpc/call-context.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { baggageEntry } from "../../platform/telemetry/baggage.ts";
import { adErrors } from "./errors.ts";

const failureShare = 0.1;

/** What the flags of ad break. */
export function adFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    async beforeGetAds(): Promise<void> {
      if (!(await flags.value("adFailure", false, sessionContext()))) return;
      if (Math.random() >= failureShare) return;
      throw markRetriesSpent(rpcError(adErrors.ADS_UNAVAILABLE, "No advertisement can be had at the moment."));
    },
  };
}

/** Whose request it is, for rules by session. */
function sessionContext() {
  const session = baggageEntry(currentCall()?.propagated ?? [], "session.id");
  return session === undefined ? {} : { targetingKey: session, session };
}
