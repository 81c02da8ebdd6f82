import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../../gen/oteldemo/address_pb.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";

export type ShippingFaults = ReturnType<typeof shippingFaults>;

/** How the OpenTelemetry Demo knows the country that it ships from. */
const domestic = ["US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"];

/** What the flags of shipping break. */
export function shippingFaults({ flags }: Pick<ServiceContext, "flags">) {
  return {
    async beforeShipOrder(address: Address | undefined, call: { readonly signal: AbortSignal }): Promise<void> {
      if (address === undefined || domestic.includes(address.country.trim().toUpperCase())) return;
      const seconds = await flags.value("intlShippingSlowdown", 0);
      if (seconds > 0) await sleep(seconds * 1_000, undefined, { signal: call.signal });
    },
  };
}
