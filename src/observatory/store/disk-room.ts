/** Where there is no room for much there may be some for little: one success says nothing. */
const calmMs = 30_000;

/** Tells the operator that the store's disk is full, and that there is room on it again: a line each. */
export class DiskRoom {
  readonly #path: string;
  readonly #tell: (line: string) => void;
  #refusedAt: number | undefined;

  constructor(path: string, tell: (line: string) => void) {
    this.#path = path;
    this.#tell = tell;
  }

  /** Takes note of something that could not be written for want of room. */
  refused(): void {
    if (this.#refusedAt === undefined) {
      this.#tell(
        `There is no room on the disk of ${this.#path}: telemetry is dropped and counted until there is some. Make room; nothing needs a restart.`,
      );
    }
    this.#refusedAt = performance.now();
  }

  /** Takes note of something that was written. */
  written(): void {
    if (this.#refusedAt === undefined || performance.now() - this.#refusedAt < calmMs) return;
    this.#refusedAt = undefined;
    this.#tell(`There is room on the disk of ${this.#path} again`);
  }
}
