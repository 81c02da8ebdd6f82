/** How high something is at a share of a stage, from 0 to 1. */
export type Level = (share: number) => number;

/** A part of a plan. What it does not name is none. */
export interface Stage {
  /** Milliseconds; infinity for a stage without an end. */
  readonly durationMs: number;
  /** Users who do one task after the other, with pauses: the closed model. */
  readonly users?: Level;
  /** Tasks begun in a second whatever became of the earlier ones: the open model. */
  readonly rate?: Level;
}

/** How many users there are and how many arrive, over time. */
export interface Plan {
  readonly durationMs: number;
  /** @param ms since the beginning */
  usersAt(ms: number): number;
  /** Arrivals a second. */
  rateAt(ms: number): number;
}

/** Stages one after the other. */
export function planOf(stages: readonly Stage[]): Plan {
  const durationMs = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  const at = (ms: number, level: (stage: Stage) => Level | undefined) => {
    let begun = 0;
    for (const stage of stages) {
      if (ms < begun + stage.durationMs) return level(stage)?.((ms - begun) / stage.durationMs) ?? 0;
      begun += stage.durationMs;
    }
    return 0;
  };
  return { durationMs, usersAt: (ms) => at(ms, ({ users }) => users), rateAt: (ms) => at(ms, ({ rate }) => rate) };
}

export const hold =
  (level: number): Level =>
  () =>
    level;

export const ramp =
  (from: number, to: number): Level =>
  (share) =>
    from + (to - from) * share;

/** Equally long steps. */
export const steps =
  (levels: readonly number[]): Level =>
  (share) =>
    levels[Math.min(levels.length - 1, Math.floor(share * levels.length))] ?? 0;

/** A sudden peak in the middle third. */
export const spike =
  (base: number, peak: number): Level =>
  (share) =>
    share >= 1 / 3 && share < 2 / 3 ? peak : base;

/** From midnight to midnight: lowest at its ends, highest in its middle, as a cosine. */
export const day =
  (low: number, high: number): Level =>
  (share) =>
    low + ((high - low) * (1 - Math.cos(2 * Math.PI * share))) / 2;

/**
 * The same all the time, after a ramp if there is one.
 *
 * @param options.durationMs with the ramp; infinity for no end
 */
export function steadyPlan(options: {
  readonly users: number;
  readonly ratePerSecond: number;
  readonly durationMs?: number;
  readonly rampMs?: number;
  /** Users and arrivals that are there already. */
  readonly fromUsers?: number;
  readonly fromRate?: number;
}): Plan {
  const { users, ratePerSecond, durationMs = Number.POSITIVE_INFINITY, rampMs = 0 } = options;
  const { fromUsers = 0, fromRate = 0 } = options;
  return planOf([
    ...(rampMs > 0
      ? [
          {
            durationMs: Math.min(rampMs, durationMs),
            users: ramp(fromUsers, users),
            rate: ramp(fromRate, ratePerSecond),
          },
        ]
      : []),
    { durationMs: durationMs - Math.min(rampMs, durationMs), users: hold(users), rate: hold(ratePerSecond) },
  ]);
}
