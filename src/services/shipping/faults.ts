import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../../gen/oteldemo/address_pb.ts";
import { event } from "../../../gen/telemetry/registry.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";

export type ShippingFaults = ReturnType<typeof shippingFaults>;

/** How the OpenTelemetry Demo knows the country that it ships from. */
const domestic = ["US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"];

const mostLeaked = 4_000;

/** What the flags of shipping break. */
export function shippingFaults({ flags, log }: Pick<ServiceContext, "flags" | "log">) {
  const leaked: number[] = [];
  let isDeployed = false;
  const unsubscribe = flags.onChange(async () => {
    const deploys = await flags.value("shippingDeployment", false);
    if (deploys && !isDeployed) log.info({ event: event.serviceDeployment }, "Version 2 is rolled out");
    isDeployed = deploys;
    if ((await flags.value("shippingDescriptorLeak", 0)) === 0) for (const each of leaked.splice(0)) closeSync(each);
  });
  return {
    async beforeQuote(): Promise<void> {
      const count = await flags.value("shippingDescriptorLeak", 0);
      for (let opened = 0; opened < count; opened++) leaked.push(openSync("/dev/null", "r"));
      if (leaked.length < mostLeaked) return;
      // As with a limit of the system, of which Node knows nothing.
      log.fatal({ descriptors: leaked.length }, "Too many open files");
      process.kill(process.pid, "SIGABRT");
    },
    stop(): void {
      unsubscribe();
      for (const each of leaked.splice(0)) closeSync(each);
    },
    async beforeShipOrder(address: Address | undefined, call: { readonly signal: AbortSignal }): Promise<void> {
      if (address === undefined || domestic.includes(address.country.trim().toUpperCase())) return;
      const seconds = await flags.value("intlShippingSlowdown", 0);
      if (seconds > 0) await sleep(seconds * 1_000, undefined, { signal: call.signal });
    },
  };
}
