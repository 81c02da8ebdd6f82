/** The rate is taken to be the same for so long, in milliseconds. */
const gridMs = 5;

/**
 * When visitors arrive: at the moments at which the integral of the rate passes one threshold after the other. They are
 * fixed by rate and thresholds alone, not by when anybody asks, and so do not move when the shop is slow.
 */
export class ArrivalSchedule {
  readonly #rateAt: (ms: number) => number;
  readonly #nextGap: () => number;
  #ms = 0;
  /** Up to the next arrival, in arrivals. */
  #left: number;

  /**
   * @param rateAt arrivals a second, at milliseconds since the beginning
   * @param nextGap the distance to the next threshold: 1 for even arrivals, exponentially distributed with that mean for
   *   those of visitors who do not know each other
   */
  constructor(rateAt: (ms: number) => number, nextGap: () => number) {
    this.#rateAt = rateAt;
    this.#nextGap = nextGap;
    this.#left = nextGap();
  }

  /** The next arrival, in milliseconds since the beginning; undefined when there is none up to `horizonMs`, at least. */
  next(horizonMs: number): number | undefined {
    for (;;) {
      const cell = Math.floor(this.#ms / gridMs);
      const end = (cell + 1) * gridMs;
      const perMs = this.#rateAt((cell + 0.5) * gridMs) / 1_000;
      const here = perMs * (end - this.#ms);
      if (here > this.#left) {
        this.#ms += this.#left / perMs;
        this.#left = this.#nextGap();
        return this.#ms;
      }
      this.#left -= here;
      this.#ms = end;
      if (end > horizonMs) return undefined;
    }
  }
}
