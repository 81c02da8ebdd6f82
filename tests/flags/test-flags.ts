import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type FlagDefinition,
  flagDocument,
  flagDocumentText,
  withVariant,
} from "../../src/platform/flags/flag-document.ts";
import { FlagFile } from "../../src/platform/flags/flag-file.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { flags } from "../../src/services/flags.ts";

const declared = flagDocument(flags);

/** A file of flags for a shop under test, changed as by another program. */
export class TestFlags {
  readonly #folder: string;
  readonly #file: FlagFile;

  private constructor(folder: string, file: FlagFile) {
    this.#folder = folder;
    this.#file = file;
  }

  static async make(): Promise<TestFlags> {
    const folder = await mkdtemp(join(tmpdir(), "orrery-flags-"));
    const path = join(folder, "demo.flagd.json");
    await writeFile(path, flagDocumentText(declared));
    return new TestFlags(folder, await FlagFile.open(path, createLogger({ level: "error" })));
  }

  get path(): string {
    return this.#file.path;
  }

  /** What a shop is started with to use them. */
  get environment(): Readonly<Record<string, string>> {
    return { FLAGD_FILE: this.#file.path };
  }

  /** Puts a flag into a variant, as the flag page does. */
  async set(key: string, variant: string): Promise<void> {
    await this.#file.update((document) => withVariant(document, key, variant));
  }

  async define(key: string, definition: Partial<FlagDefinition>): Promise<void> {
    await this.#file.update((document) => ({
      ...document,
      flags: { ...document.flags, [key]: { state: "ENABLED", variants: {}, ...definition } },
    }));
  }

  /** The keys of flags that are otherwise than declared. */
  async notAtRest(): Promise<readonly string[]> {
    const { flags: now } = JSON.parse(await readFile(this.#file.path, "utf8")) as typeof declared;
    return Object.keys(declared.flags).filter((key) => !isDeepStrictEqual(now[key], declared.flags[key]));
  }

  /** All flags at rest. */
  async reset(): Promise<void> {
    await this.#file.update(() => declared);
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
