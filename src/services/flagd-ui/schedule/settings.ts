import { type FlagDocument, variantOf } from "../../../platform/flags/flag-document.ts";
import type { KnownFlag } from "../../../platform/flags/flag-names.ts";

/** What a schedule is started with; times in milliseconds. */
export interface ScheduleSettings {
  readonly intervalMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** How many flags are switched on in an interval. */
  readonly concurrency: number;
  readonly seed?: number | undefined;
  /** What may be switched on: variants by the key of their flag; everything when there is none. */
  readonly selection: Readonly<Record<string, readonly string[]>>;
}

/** A flag that may be switched on: its resting variant, and others. */
export interface Eligible {
  readonly key: string;
  readonly resting: string;
  readonly variants: readonly string[];
}

/** Those of the OpenTelemetry Demo's flag page. */
export const usualSettings: ScheduleSettings = {
  intervalMs: 15 * 60_000,
  minMs: 60_000,
  maxMs: 3 * 60_000,
  concurrency: 1,
  selection: {},
};

const longestMs = 24 * 3_600_000;
const mostAtOnce = 100;

/**
 * What is wrong with settings, in words.
 *
 * @param leastMs the shortest time that a flag may be on, and an interval may last
 */
export function settingsProblems(settings: ScheduleSettings, leastMs = 1_000): readonly string[] {
  const { intervalMs, minMs, maxMs, concurrency } = settings;
  const problems: string[] = [];
  const wrong = (isWrong: boolean, text: string) => {
    if (isWrong) problems.push(text);
  };
  wrong(intervalMs < leastMs, `the interval must be at least ${seconds(leastMs)}, not ${seconds(intervalMs)}`);
  wrong(intervalMs > longestMs, `the interval must be at most ${seconds(longestMs)}, not ${seconds(intervalMs)}`);
  wrong(minMs < leastMs, `the least time must be at least ${seconds(leastMs)}, not ${seconds(minMs)}`);
  wrong(maxMs < minMs, `the most time (${seconds(maxMs)}) must not be below the least (${seconds(minMs)})`);
  wrong(maxMs > intervalMs, `the most time (${seconds(maxMs)}) must not exceed the interval (${seconds(intervalMs)})`);
  wrong(
    !Number.isInteger(concurrency) || concurrency < 1 || concurrency > mostAtOnce,
    `from 1 to ${mostAtOnce} flags can be switched on in an interval, not ${concurrency}`,
  );
  return problems;
}

/** The flags that can be switched on and off: those with a resting variant, and another. */
export function eligibleFlags(document: FlagDocument, known: ReadonlyMap<string, KnownFlag>): readonly Eligible[] {
  return Object.entries(document.flags).flatMap(([key, flag]) => {
    const { state, variants } = flag;
    const resting = [known.get(key)?.resting, variantOf(flag)].find(
      (variant) => variant !== undefined && Object.hasOwn(variants, variant),
    );
    if (resting === undefined || state === "DISABLED") return [];
    const others = Object.keys(variants).filter((variant) => variant !== resting);
    return others.length === 0 ? [] : [{ key, resting, variants: others }];
  });
}

/** The selected ones of those that are eligible, or what is wrong with the selection. */
export function selectedFlags(
  eligible: readonly Eligible[],
  selection: ScheduleSettings["selection"],
): { readonly selected: readonly Eligible[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  if (Object.keys(selection).length === 0) {
    if (eligible.length === 0) problems.push("there is no flag with a resting variant and another");
    return { selected: eligible, problems };
  }
  const selected: Eligible[] = [];
  for (const [key, wanted] of Object.entries(selection)) {
    const flag = eligible.find((each) => each.key === key);
    if (flag === undefined) {
      const there = eligible.map((each) => each.key).join(", ") || "none";
      problems.push(`${JSON.stringify(key)} cannot be switched on and off; these can: ${there}`);
      continue;
    }
    const unknown = wanted.find((variant) => !flag.variants.includes(variant));
    if (unknown !== undefined) {
      const why = unknown === flag.resting ? "is the resting one" : "is not there";
      problems.push(`the variant ${JSON.stringify(unknown)} of ${key} ${why}; select of ${flag.variants.join(", ")}`);
      continue;
    }
    selected.push(
      wanted.length === 0 ? flag : { ...flag, variants: flag.variants.filter((each) => wanted.includes(each)) },
    );
  }
  // In one order, whatever that of the selection was: the same seed makes the same choices.
  return { selected: eligible.flatMap(({ key }) => selected.find((each) => each.key === key) ?? []), problems };
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
