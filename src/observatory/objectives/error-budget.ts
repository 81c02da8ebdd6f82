/** Events of a stretch of time that ends at `end`. */
export interface Events {
  /** Nanoseconds of Unix time. */
  readonly slot: bigint;
  readonly good: number;
  readonly bad: number;
}

export interface Share {
  readonly events: number;
  /** Of good events; 1 when there were none. */
  readonly good: number;
}

/** What became of the events since a time. */
export function shareSince(events: readonly Events[], since: bigint): Share {
  let good = 0;
  let bad = 0;
  for (const event of events) {
    if (event.slot < since) continue;
    good += event.good;
    bad += event.bad;
  }
  const all = good + bad;
  return { events: all, good: all === 0 ? 1 : good / all };
}

/** How many times faster than allowed the error budget is used up. */
export function burnRate(share: Share, target: number): number {
  return (1 - share.good) / (1 - target);
}

/** What is left of the error budget: 1 at the start, 0 when used up, negative beyond. */
export function budgetLeft(share: Share, target: number): number {
  return 1 - burnRate(share, target);
}
