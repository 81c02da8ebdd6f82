import { culpritsOf, type Manifest, type RootCause } from "./manifest.ts";

/** When what happened in a run of a scenario. */
export interface RunTimes {
  readonly baselineStart: Date;
  /** The first fault's; undefined without a fault. */
  readonly injectedAt?: Date;
  readonly revertedAt?: Date;
  readonly endedAt: Date;
}

/** A scenario that was run. */
export interface Run {
  readonly manifest: Manifest;
  readonly times: RunTimes;
}

/** A root cause with the moment at which it was injected. */
export interface InjectedFault {
  readonly flag: string;
  readonly variant: string;
  readonly target: string;
  readonly entity: string;
  readonly reason: string;
  readonly category: RootCause["category"];
  readonly injectedAt: Date;
}

/** What is wrong with the times, in words; undefined when they fit the scenario. */
export function timesProblem({ manifest, times }: Run): string | undefined {
  const { baselineStart, injectedAt, revertedAt, endedAt } = times;
  if (manifest.faults.length > 0 && (injectedAt === undefined || revertedAt === undefined)) {
    return `${manifest.id} has a fault: when was it injected, and when reverted?`;
  }
  if (manifest.faults.length === 0 && (injectedAt !== undefined || revertedAt !== undefined)) {
    return `${manifest.id} has no fault that could be injected or reverted.`;
  }
  const order = [baselineStart, injectedAt, revertedAt, endedAt].filter((time) => time !== undefined);
  const isOrdered = order.every((time, index) => index === 0 || time > (order[index - 1] ?? time));
  return isOrdered ? undefined : "Each time has to be later than the one before: start, injection, revert, end.";
}

export function injectedFaults({ manifest, times }: Run): readonly InjectedFault[] {
  const { injectedAt } = times;
  if (injectedAt === undefined) return [];
  return culpritsOf(manifest).map(({ flag, variant, target, afterSeconds, rootCause }) => ({
    flag,
    variant,
    target,
    ...rootCause,
    injectedAt: new Date(injectedAt.getTime() + afterSeconds * 1_000),
  }));
}
