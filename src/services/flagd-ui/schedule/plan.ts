import { SeededRandom } from "../../../domain/seeded-random.ts";
import type { Eligible, ScheduleSettings } from "./settings.ts";

/** A flag that is to be switched on in an interval, in milliseconds from the beginning of that. */
export interface Planned {
  readonly key: string;
  readonly variant: string;
  readonly resting: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * What happens in an interval, in order of time. For each flag are drawn: which, for how long, when, and its variant.
 * The seed and the number of the interval alone determine it, so that a restart needs no memory of what was drawn
 * before. The OpenTelemetry Demo draws in the same order by Erlang's generator: the same seed has another course there.
 *
 * @param index of the interval, from 0
 */
export function planInterval(options: {
  readonly seed: number;
  readonly index: number;
  readonly settings: ScheduleSettings;
  readonly selected: readonly Eligible[];
}): readonly Planned[] {
  const { seed, index, settings, selected } = options;
  const { intervalMs, minMs, maxMs, concurrency } = settings;
  const random = new SeededRandom(seed, index);
  const left = [...selected];
  const planned: Planned[] = [];
  while (planned.length < concurrency && left.length > 0) {
    const [flag] = left.splice(Math.floor(random.fraction() * left.length), 1);
    const lastsMs = Math.round(random.between(minMs, maxMs));
    const fromMs = Math.round(random.between(0, intervalMs - lastsMs));
    const variant = flag?.variants[Math.floor(random.fraction() * flag.variants.length)];
    if (flag === undefined || variant === undefined) continue;
    planned.push({ key: flag.key, variant, resting: flag.resting, fromMs, untilMs: fromMs + lastsMs });
  }
  return planned.sort((one, other) => one.fromMs - other.fromMs);
}
