/** What can be changed about the load from outside while it runs: the OpenTelemetry Demo's feature flags. */
export interface LoadSwitches {
  /** `loadGeneratorTraffic`: whether there is any traffic. */
  traffic(): Promise<boolean>;
  /** `loadGeneratorVUs`: how many HTTP users there are; undefined when nobody says. */
  users(): Promise<number | undefined>;
  /** `loadGeneratorFloodHomepage`: how often in a row a flood asks for the home page; 0 for no floods. */
  flood(): Promise<number>;
}

/** Traffic as it is set elsewhere, and no floods. */
export const noSwitches: LoadSwitches = {
  traffic: async () => true,
  users: async () => undefined,
  flood: async () => 0,
};
