/** The newest of what came in, with numbers by which readers find what is new to them. */
export class Recent<T> {
  readonly #items: { readonly number: number; readonly item: T }[] = [];
  readonly #capacity: number;
  #last = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The number of the newest. */
  get last(): number {
    return this.#last;
  }

  add(item: T): void {
    this.#items.push({ number: ++this.#last, item });
    // In blocks: taking the first of an array away moves all others.
    if (this.#items.length >= 2 * this.#capacity) this.#items.splice(0, this.#items.length - this.#capacity);
  }

  /** Those that came after `number`, oldest first, the newest `max` of them. */
  after(number: number, max: number): T[] {
    const first = this.#items.findIndex((entry) => entry.number > number);
    if (first < 0) return [];
    return this.#items.slice(Math.max(first, this.#items.length - max)).map(({ item }) => item);
  }
}
