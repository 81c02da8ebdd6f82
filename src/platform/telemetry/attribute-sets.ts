import type { Attributes } from "@opentelemetry/api";

/** Sets kept at most; what comes beyond is made anew each time. */
const maxSets = 1_000;

/** Sets of attributes that come again and again, made once and frozen, so that histograms know them by their identity. */
export class AttributeSets<Key extends readonly (string | number | undefined)[]> {
  readonly #make: (...key: Key) => Attributes;
  readonly #made = new Map<string, Attributes>();

  constructor(make: (...key: Key) => Attributes) {
    this.#make = make;
  }

  of(...key: Key): Attributes {
    const id = key.length === 1 ? String(key[0]) : key.join("\n");
    let attributes = this.#made.get(id);
    if (attributes === undefined) {
      attributes = Object.freeze(this.#make(...key));
      if (this.#made.size < maxSets) this.#made.set(id, attributes);
    }
    return attributes;
  }
}
