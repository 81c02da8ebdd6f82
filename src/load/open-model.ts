import type { ArrivalSchedule } from "./arrival-schedule.ts";
import type { Statistics } from "./statistics.ts";

/** Who waits longer than this to be begun leaves, in milliseconds. */
const patienceMs = 10_000;
/** Arrivals are known so long before, in milliseconds. */
const horizonMs = 1_000;

/**
 * The open model: visitors arrive by a schedule, whether earlier ones have been served or not. Where not all can be under
 * way at once they wait, and the time that counts is that from the intended start: what a shop that stands still makes
 * others wait is not left out ("coordinated omission", Gil Tene, How NOT to Measure Latency, 2013).
 */
export class OpenModel {
  readonly #visit: (number: number, intendedAt: number) => Promise<unknown>;
  readonly #statistics: Statistics;
  readonly #maxInFlight: number;
  readonly #onDropped: (count: number) => void;
  /** Intended starts of those who wait, by `performance.now()`. */
  #waiting: number[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #number = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;

  constructor(options: {
    /** Serves visitor number n. */
    readonly visit: (number: number, intendedAt: number) => Promise<unknown>;
    readonly statistics: Statistics;
    readonly maxInFlight: number;
    readonly onDropped: (count: number) => void;
  }) {
    this.#visit = options.visit;
    this.#statistics = options.statistics;
    this.#maxInFlight = options.maxInFlight;
    this.#onDropped = options.onDropped;
  }

  get inFlight(): number {
    return this.#underWay.size;
  }

  /** Follows a schedule from now on; one that was followed before is left. */
  follow(schedule: ArrivalSchedule): void {
    clearTimeout(this.#timer);
    this.#isStopped = false;
    const begun = performance.now();
    let next = schedule.next(horizonMs);
    const turn = () => {
      const elapsed = performance.now() - begun;
      while (next !== undefined && next <= elapsed) {
        this.#waiting.push(begun + next);
        next = schedule.next(elapsed + horizonMs);
      }
      this.#begin();
      next ??= schedule.next(elapsed + horizonMs);
      // A timer rounds up: one that is due in part of a millisecond is asked for at once.
      const dueMs = next === undefined ? horizonMs / 2 : next - (performance.now() - begun);
      this.#timer = setTimeout(turn, Math.max(0, Math.floor(Math.min(dueMs, horizonMs / 2))));
    };
    turn();
  }

  #begin(): void {
    const now = performance.now();
    let lost = this.#waiting.findIndex((intendedAt) => intendedAt > now - patienceMs);
    if (lost === -1) lost = this.#waiting.length;
    if (lost > 0) this.#drop(this.#waiting.splice(0, lost));
    const free = this.#maxInFlight - this.#underWay.size;
    if (free <= 0 || this.#waiting.length === 0) return;
    for (const intendedAt of this.#waiting.splice(0, free)) {
      this.#statistics.arrival(now - intendedAt);
      const visit = this.#visit(this.#number++, intendedAt).finally(() => {
        this.#underWay.delete(visit);
        if (!this.#isStopped && this.#waiting.length > 0) this.#begin();
      });
      this.#underWay.add(visit);
    }
  }

  #drop(lost: readonly number[]): void {
    for (const _ of lost) this.#statistics.arrival("dropped");
    this.#onDropped(lost.length);
  }

  /** Begins no more, and waits for what is under way; who still waits to be begun is given up. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0) this.#drop(this.#waiting.splice(0));
    await Promise.allSettled(this.#underWay);
  }
}
