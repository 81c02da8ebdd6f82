import { FlagdCore } from "@openfeature/flagd-core";
import type { FlagValue } from "./flag.ts";
import { canOnlyBe, type FlagDocument, flagDocumentText } from "./flag-document.ts";

const quiet = { error() {}, warn() {}, info() {}, debug() {} };

/** Flags as they are now: evaluated by flagd's own core, replaced as a whole. */
export class FlagSet {
  readonly core = new FlagdCore(undefined, quiet);
  readonly #listeners = new Set<(changed: readonly string[]) => void>();
  #document: FlagDocument = { flags: {} };
  #text = flagDocumentText(this.#document);

  /** The definitions as JSON, as those who evaluate by themselves want them. */
  get text(): string {
    return this.#text;
  }

  get document(): FlagDocument {
    return this.#document;
  }

  /** Takes other definitions; those who listen are told which flags have changed, if any has. */
  replace(document: FlagDocument): void {
    const text = flagDocumentText(document);
    const changed = this.core.setConfigurations(text);
    this.#document = document;
    this.#text = text;
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }

  /** Whether a flag can have no other value, whatever the context: then it need not be evaluated. */
  isAtRest(key: string, value: FlagValue): boolean {
    const flag = this.#document.flags[key];
    return flag === undefined || canOnlyBe(flag, value);
  }

  /** @returns what ends the subscription */
  onChange(listener: (changed: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
