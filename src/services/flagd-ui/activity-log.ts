import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
import { type Static, Type } from "typebox";
import Value from "typebox/value";
import type { FlagWriter } from "../../platform/flags/flag-file.ts";
import type { Logger } from "../../platform/logging/logger.ts";

/** By what flags were changed; `file` is whoever has changed the file. */
export type ActivityWriter = FlagWriter | "file";

const entrySchema = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  timeMs: Type.Integer({ minimum: 0 }),
  writer: Type.Enum(["api", "page", "cli", "scheduler", "scenario", "file"] satisfies ActivityWriter[]),
  /** Empty for what concerns the file as a whole. */
  key: Type.String(),
  from: Type.String(),
  to: Type.String(),
  note: Type.String(),
});

/** A change, or a reason for none. */
export type ActivityEntry = Readonly<Static<typeof entrySchema>>;
export type NewEntry = Omit<ActivityEntry, "id" | "timeMs">;

const kept = 500;

/** Who has changed which flag, the last five hundred times: in memory, and in a file that has a line for each. */
export class ActivityLog {
  readonly #path: string;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  #entries: readonly ActivityEntry[];
  #lines: number;
  #queue: Promise<void> = Promise.resolve();
  #isUnwritten = false;

  private constructor(path: string, log: Logger, text: string) {
    this.#path = path;
    this.#log = log;
    const lines = text.split("\n").filter((line) => line !== "");
    this.#entries = lines.flatMap(entryOf).slice(-kept);
    // A last line that was cut off has to be written over before another one is added.
    this.#lines = text === "" || text.endsWith("\n") ? lines.length : Number.POSITIVE_INFINITY;
  }

  /** Reads what there is; a line that is no entry is left out. */
  static async open(path: string, log: Logger): Promise<ActivityLog> {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") log.warn({ error }, `${path} cannot be read; the activity begins anew`);
      return "";
    });
    return new ActivityLog(path, log, text);
  }

  /** The newest first. */
  latest(limit: number): readonly ActivityEntry[] {
    return this.#entries.slice(-limit).reverse();
  }

  add(entries: readonly NewEntry[]): void {
    if (entries.length === 0) return;
    let id = this.#entries.at(-1)?.id ?? 0;
    const added = entries.map((entry) => ({ ...entry, id: ++id, timeMs: Date.now() }));
    this.#entries = [...this.#entries, ...added].slice(-kept);
    this.#queue = this.#queue.then(() => this.#write(added));
    for (const listener of this.#listeners) listener();
  }

  /** @returns what ends the subscription */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** When all is written. */
  async close(): Promise<void> {
    await this.#queue;
  }

  async #write(added: readonly ActivityEntry[]): Promise<void> {
    try {
      if (this.#lines + added.length <= 2 * kept) {
        await appendFile(this.#path, linesOf(added));
        this.#lines += added.length;
      } else {
        // Those that wait behind are added in their turn.
        const last = added.at(-1)?.id ?? 0;
        const all = this.#entries.filter(({ id }) => id <= last);
        await writeFile(`${this.#path}.new`, linesOf(all));
        await rename(`${this.#path}.new`, this.#path);
        this.#lines = all.length;
      }
      this.#isUnwritten = false;
    } catch (error) {
      if (!this.#isUnwritten)
        this.#log.warn({ error }, `${this.#path} cannot be written; a restart will forget who changed flags`);
      this.#isUnwritten = true;
      this.#lines = Number.POSITIVE_INFINITY;
    }
  }
}

function linesOf(entries: readonly ActivityEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

function entryOf(line: string): readonly ActivityEntry[] {
  try {
    const parsed: unknown = JSON.parse(line);
    return Value.Check(entrySchema, parsed) ? [parsed] : [];
  } catch {
    return [];
  }
}
