/**
 * Random numbers that a seed and the number of a stream determine: the same on every machine, so that a run can be had
 * again. sfc32 of Chris Doty-Humphrey's PractRand, which passes its tests; not for secrets.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param seed of the run
   * @param stream whose numbers these are: a user's, say, by which they do not depend on what the other users do
   */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    // Seeds and numbers of users above 2^32 differ in their upper halves only.
    this.#c = Math.floor(seed / 2 ** 32) ^ Math.imul(Math.floor(stream / 2 ** 32), 0x9e3779b9);
    // Streams that differ by little have nothing in common after so many steps.
    for (let step = 0; step < 15; step++) this.#step();
  }

  #step(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to just below 1. */
  fraction(): number {
    return this.#step() / 2 ** 32;
  }

  /** A number between two bounds. */
  between(low: number, high: number): number {
    return low + this.fraction() * (high - low);
  }

  /** One of a list. */
  pick<T>(list: readonly [T, ...T[]]): T {
    // Of a list with undefined in it, too; the index is always below the length.
    return list[Math.floor(this.fraction() * list.length)] as T;
  }

  /** A step to the next of independent events whose mean distance is 1. */
  exponential(): number {
    return -Math.log(1 - this.fraction());
  }

  /** In the form of a random UUID, version 4. */
  uuid(): string {
    const hex = () => this.#step().toString(16).padStart(8, "0");
    const [first, second, third, fourth] = [hex(), hex(), hex(), hex()];
    const variant = "89ab"[Number.parseInt(third.slice(0, 1), 16) % 4];
    return `${first}-${second.slice(0, 4)}-4${second.slice(5)}-${variant}${third.slice(1, 4)}-${third.slice(4)}${fourth}`;
  }
}
