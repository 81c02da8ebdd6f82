import type { Manifest } from "../manifest.ts";

/** How long the parts of a run may take, in seconds, and under which load. */
export interface Timing {
  readonly baselineSeconds: number;
  /** For the symptom and the alerts, from the injection on. */
  readonly detectSeconds: number;
  /** How long the fault lasts at least. */
  readonly faultSeconds: number;
  /** For everything to be as before, from the revert on. */
  readonly clearSeconds: number;
  /** How long nothing may be wrong before it is over. */
  readonly silenceSeconds: number;
  /** How much of the time since a mitigation tells whether it helps. */
  readonly judgeSeconds: number;
  readonly load: Manifest["load"];
}

export const profiles = ["full", "quick"] as const;
export type Profile = (typeof profiles)[number];

/** What windows and waiting times of alerts are divided by in a shop that a quick run is made on. */
export const quickTimeScale = 5;

/** As many requests as a quick run needs for figures that say something within seconds. */
const quickLoad = { requestsPerSecond: 60 } as const;

/** `full` as the manifest says, for people and recordings; `quick` for tests, on a shop whose alerts are as quick. */
export function timingOf(profile: Profile, { phases, load }: Pick<Manifest, "phases" | "load">): Timing {
  if (profile === "full") {
    return {
      ...phases,
      detectSeconds: Math.max(phases.faultSeconds, 600),
      clearSeconds: Math.max(phases.recoverySeconds, 900),
      silenceSeconds: 120,
      judgeSeconds: 60,
      load,
    };
  }
  return {
    baselineSeconds: 15,
    detectSeconds: 90,
    faultSeconds: 20,
    clearSeconds: 120,
    silenceSeconds: 10,
    load: { ...quickLoad, browserUsers: load.browserUsers ?? 0 },
    judgeSeconds: 15,
  };
}
