import { createHash, randomUUID } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../config/environment.ts";
import type { DocumentProblem } from "../config/located-document.ts";
import type { Logger } from "../logging/logger.ts";
import { type FlagDocument, flagDocumentText, readFlagDocument } from "./flag-document.ts";
import { FlagSet } from "./flag-set.ts";
import { described } from "./json-text.ts";

/** The content of the file as it was read or written. */
export interface FlagFileState {
  readonly text: string;
  /** Changes with every change of the content. */
  readonly version: string;
  /** What is wrong with the content; flags stay as they were before. */
  readonly problems: readonly DocumentProblem[];
  /** Who wrote it, if that was done by this object. */
  readonly by?: FlagWriter;
}

/** By what somebody changes flags. */
export type FlagWriter = "page" | "cli" | "api" | "scheduler" | "scenario";

export interface WriteOptions {
  /** The version that the writer has seen; nothing is written when the file has another by now. */
  readonly expected?: string | undefined;
  readonly by?: FlagWriter;
}

export type Written =
  | { readonly kind: "written"; readonly version: string }
  /** Somebody else has written meanwhile. */
  | { readonly kind: "conflict"; readonly version: string }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

/** Another process may come between reading and writing as often as this. */
const attempts = 10;

/** Folders on some volumes tell of no changes, so the file is looked at as well, this often. */
const lookEveryMs = 1_000;

/**
 * A file of flags that anybody may change, by hand, too. A broken content is told, with line and reason, and leaves
 * the flags as they were.
 */
export class FlagFile {
  readonly set = new FlagSet();
  readonly path: string;
  readonly #log: Logger;
  readonly #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<(state: FlagFileState) => void>();
  #state: FlagFileState = { text: "", version: "", problems: [] };
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(path: string, log: Logger) {
    this.path = path;
    this.#log = log;
    const look = () => void this.#enqueue(() => this.#read());
    this.#watcher = watcherOf(path, look);
    this.#timer = setInterval(look, lookEveryMs).unref();
  }

  /** @throws ConfigError when it cannot be read, or is no document of flags */
  static async open(path: string, log: Logger): Promise<FlagFile> {
    const file = new FlagFile(path, log);
    try {
      const state = await file.#enqueue(() => file.#read());
      const [problem] = state.problems;
      if (problem !== undefined) throw new ConfigError(`${path}:${described(problem)}`);
    } catch (error) {
      await file.close();
      if (error instanceof ConfigError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigError(`The flags cannot be read: ${reason}`, { cause: error });
    }
    return file;
  }

  get state(): FlagFileState {
    return this.#state;
  }

  /** Tells of every new content, broken or not, whoever wrote it. */
  onState(listener: (state: FlagFileState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces the content. */
  write(text: string, options: WriteOptions = {}): Promise<Written> {
    return this.#enqueue(async (): Promise<Written> => {
      const read = readFlagDocument(text);
      if (read.kind === "invalid") return read;
      return this.#replace(text, options);
    });
  }

  /**
   * Changes the definitions as they are at that time, so that no change of somebody else is lost.
   *
   * @returns `invalid` when they are broken, before the change or by it
   */
  update(change: (document: FlagDocument) => FlagDocument, options: WriteOptions = {}): Promise<Written> {
    return this.#enqueue(async (): Promise<Written> => {
      for (let attempt = 1; ; attempt++) {
        const { text, version } = await this.#readIfThere();
        if (options.expected !== undefined && options.expected !== version) return { kind: "conflict", version };
        const before = readFlagDocument(text);
        if (before.kind === "invalid") return before;
        const changed = change(before.document);
        if (changed === before.document) return { kind: "written", version };
        const after = flagDocumentText(changed);
        const checked = readFlagDocument(after);
        if (checked.kind === "invalid") return checked;
        const written = await this.#replace(after, { ...options, expected: version });
        if (written.kind !== "conflict" || attempt === attempts) return written;
      }
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#watcher?.close();
    await this.#queue;
  }

  async #replace(text: string, { expected, by }: WriteOptions): Promise<Written> {
    const { version } = await this.#readIfThere();
    if (expected !== undefined && expected !== version) return { kind: "conflict", version };
    // Whoever reads meanwhile sees the old content or the new one, never a part.
    const temporary = join(dirname(this.path), `.${basename(this.path)}.${randomUUID()}`);
    try {
      await writeFile(temporary, text);
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return { kind: "written", version: (await this.#read({ text, by })).version };
  }

  /** A file that is gone counts as it was: who writes makes it anew. */
  async #readIfThere(): Promise<FlagFileState> {
    try {
      return await this.#read();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT" && this.#state.version !== "")
        return this.#state;
      throw error;
    }
  }

  /** @param own what has just been written, and by what */
  async #read(own?: { readonly text: string; readonly by: FlagWriter | undefined }): Promise<FlagFileState> {
    const text = await readFile(this.path, "utf8");
    const version = createHash("sha256").update(text).digest("hex").slice(0, 16);
    if (version === this.#state.version) return this.#state;
    const read = readFlagDocument(text);
    const problems = read.kind === "invalid" ? read.problems : [];
    const isFirst = this.#state.version === "";
    const isOwn = own?.by !== undefined && own.text === text;
    this.#state = { text, version, problems, ...(isOwn ? { by: own.by } : {}) };
    if (read.kind === "valid") this.set.replace(read.document);
    else if (!isFirst) {
      for (const problem of problems) this.#log.warn(`${this.path}:${described(problem)}; flags stay as they were`);
    }
    for (const listener of this.#listeners) listener(this.#state);
    return this.#state;
  }

  /** Reads and writes of this process come one after the other. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch((error) => this.#log.debug({ error }, `${this.path} cannot be read`));
    return result;
  }
}

function watcherOf(path: string, look: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(path), (_, name) => {
      if (name === basename(path)) look();
    });
    watcher.on("error", () => watcher.close());
    return watcher.unref();
  } catch {
    return undefined;
  }
}
