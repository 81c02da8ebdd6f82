import type { Attributes } from "@opentelemetry/api";

/** Sets kept at most; what comes beyond is made anew each time. */
const maxSets = 1_000;

type Part = string | number | undefined;
interface Node {
  attributes?: Attributes;
  readonly next: Map<Part, Node>;
}

/** Sets of attributes that come again and again, made once and frozen, so that histograms know them by their identity. */
export class AttributeSets<Key extends readonly Part[]> {
  readonly #make: (...key: Key) => Attributes;
  readonly #root: Node = { next: new Map() };
  #count = 0;

  constructor(make: (...key: Key) => Attributes) {
    this.#make = make;
  }

  of(...key: Key): Attributes {
    let node = this.#root;
    for (const part of key) {
      let next = node.next.get(part);
      if (next === undefined) {
        if (this.#count >= maxSets) return this.#make(...key);
        next = { next: new Map() };
        node.next.set(part, next);
        this.#count++;
      }
      node = next;
    }
    node.attributes ??= Object.freeze(this.#make(...key));
    return node.attributes;
  }
}
