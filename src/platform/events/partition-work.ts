/**
 * Work on a sequence of events: those of a key one after the other, others side by side. It knows up to where
 * everything is done, which is what a group may record.
 */
export class PartitionWork {
  /** The offset after the last that was taken. */
  #next: bigint;
  // Offsets are added in ascending order, so the first is the oldest.
  readonly #unfinished = new Set<bigint>();
  readonly #lastOfKey = new Map<string, Promise<void>>();
  readonly #onSettled: () => void;
  #failure: { readonly error: unknown } | undefined;

  /** Begins at an offset; `onSettled` is called whenever the work on an event ends, one way or the other. */
  constructor(first: bigint, onSettled: () => void) {
    this.#next = first;
    this.#onSettled = onSettled;
  }

  get next(): bigint {
    return this.#next;
  }

  /** Every event before this offset is finished. */
  get finished(): bigint {
    const [oldest] = this.#unfinished;
    return oldest ?? this.#next;
  }

  /** Why the first event that could not be finished was not: nothing after it may be recorded. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Works on the event at an offset when those before it of the same key are done. */
  take({ offset, key }: { readonly offset: bigint; readonly key: string }, work: () => Promise<void>): void {
    this.#next = offset + 1n;
    this.#unfinished.add(offset);
    const settled = (this.#lastOfKey.get(key) ?? Promise.resolve()).then(work).then(
      () => {
        this.#unfinished.delete(offset);
      },
      (error) => {
        this.#failure ??= { error };
      },
    );
    this.#lastOfKey.set(key, settled);
    void settled.then(() => {
      if (this.#lastOfKey.get(key) === settled) this.#lastOfKey.delete(key);
      this.#onSettled();
    });
  }

  /** Returns when nothing is being worked on. */
  async idle(): Promise<void> {
    await Promise.all(this.#lastOfKey.values());
  }
}
