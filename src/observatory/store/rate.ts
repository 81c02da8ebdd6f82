/** Arrivals per second over the last ten seconds. */
export class ArrivalRate {
  readonly #slots = new Float64Array(11);
  #second = 0;

  add(nowMs: number, count: number): void {
    this.#advance(nowMs);
    const slot = this.#second % this.#slots.length;
    this.#slots[slot] = (this.#slots[slot] ?? 0) + count;
  }

  /** Of the ten full seconds before this one. */
  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    const current = this.#slots[this.#second % this.#slots.length] ?? 0;
    return (this.#slots.reduce((sum, count) => sum + count, 0) - current) / 10;
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const steps = Math.min(Math.max(0, second - this.#second), this.#slots.length);
    for (let step = 0; step < steps; step++) this.#slots[(second - step) % this.#slots.length] = 0;
    this.#second = Math.max(second, this.#second);
  }
}
