import type { ServiceFlags } from "../platform/flags/service-flags.ts";

/** What can be changed about the load from outside while it runs: the OpenTelemetry Demo's feature flags. */
export interface LoadSwitches {
  /** `loadGeneratorTraffic`: whether there is any traffic. */
  traffic(): Promise<boolean>;
  /** `loadGeneratorVUs`: how many HTTP users there are; undefined when nobody says. */
  users(): Promise<number | undefined>;
  /** `loadGeneratorFloodHomepage`: how often in a row a flood asks for the home page; 0 for no floods. */
  flood(): Promise<number>;
}

/** The switches as a service's flags. */
export function flagSwitches(flags: ServiceFlags): LoadSwitches {
  return {
    traffic: async () => (await flags.value("loadGeneratorTraffic", 1)) > 0,
    users: () => flags.value("loadGeneratorVUs", 5),
    flood: () => flags.value("loadGeneratorFloodHomepage", 0),
  };
}

/** Traffic as it is set elsewhere, and no floods. */
export const noSwitches: LoadSwitches = {
  traffic: async () => true,
  users: async () => undefined,
  flood: async () => 0,
};
