/** The closed model: so many users, each of whom does one thing after the other; a slow shop is asked less. */
export class ClosedModel {
  readonly #live: (number: number, signal: AbortSignal) => Promise<void>;
  /** The newest last. */
  readonly #present: AbortController[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #number = 0;

  /** @param live the life of user number n, which ends soon after the signal */
  constructor(live: (number: number, signal: AbortSignal) => Promise<void>) {
    this.#live = live;
  }

  get users(): number {
    return this.#present.length;
  }

  /** Lets users come or go, the newest first, until there are so many; one that goes finishes what is under way. */
  setUsers(count: number): void {
    while (this.#present.length > count) this.#present.pop()?.abort();
    while (this.#present.length < count) {
      const leaving = new AbortController();
      this.#present.push(leaving);
      const life = this.#live(this.#number++, leaving.signal).finally(() => this.#underWay.delete(life));
      this.#underWay.add(life);
    }
  }

  async stop(): Promise<void> {
    this.setUsers(0);
    await Promise.allSettled(this.#underWay);
  }
}
