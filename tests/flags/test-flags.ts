import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import {
  type FlagDefinition,
  flagDocument,
  flagDocumentText,
  withVariant,
} from "../../src/platform/flags/flag-document.ts";
import { FlagFile } from "../../src/platform/flags/flag-file.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { flags } from "../../src/services/flags.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";

const declared = flagDocument(flags);
/** Whom rules are for: those of one product, and those of some sessions. */
const anybody = { product_id: "OLJCESPC7Z", targetingKey: "0" };

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

  /** Puts a flag into a variant, and waits until the shop at `url` says so. */
  async setIn(url: string, key: string, variant: string): Promise<void> {
    await this.set(key, variant);
    await eventually(async () => {
      const { body } = await api(url, `/flagservice/ofrep/v1/evaluate/flags/${key}`, { body: { context: anybody } });
      expect(body).toMatchObject({ key, variant });
    });
  }

  /** Does something while a flag has another variant than its resting one. */
  async during<T>(url: string, key: string, variant: string, work: () => Promise<T>): Promise<T> {
    const declaration = flags.find((flag) => flag.key === key);
    if (declaration === undefined) throw new Error(`There is no flag ${key}`);
    await this.setIn(url, key, variant);
    try {
      return await work();
    } finally {
      await this.setIn(url, key, declaration.resting);
    }
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
