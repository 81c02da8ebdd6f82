import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type FlagDocument, flagDocument, flagDocumentText } from "../../src/platform/flags/flag-document.ts";
import { flags } from "../../src/services/flags.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";

/** A file of all flags that is changed as a person would change it. */
export class SwitchedFlags {
  readonly #folder: string;
  #document: FlagDocument = flagDocument(flags);

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<SwitchedFlags> {
    const switched = new SwitchedFlags(await mkdtemp(join(tmpdir(), "orrery-switched-")));
    await writeFile(switched.path, flagDocumentText(switched.#document));
    return switched;
  }

  /** For FLAGD_FILE. */
  get path(): string {
    return join(this.#folder, "demo.flagd.json");
  }

  /** Sets a flag to a variant, by its rule if it has one, and waits until the shop at `url` says so. */
  async set(url: string, key: string, variant: string): Promise<void> {
    const flag = this.#document.flags[key];
    if (flag === undefined) throw new Error(`There is no flag ${key}`);
    const rule = flag.targeting?.if;
    const changed = Array.isArray(rule)
      ? { ...flag, targeting: { if: [rule[0], variant, rule[2]] } }
      : { ...flag, defaultVariant: variant };
    this.#document = { ...this.#document, flags: { ...this.#document.flags, [key]: changed } };
    await writeFile(this.path, flagDocumentText(this.#document));
    const context = { product_id: "OLJCESPC7Z", targetingKey: "0" };
    await eventually(async () => {
      const { body } = await api(url, `/flagservice/ofrep/v1/evaluate/flags/${key}`, { body: { context } });
      expect(body).toMatchObject({ key, variant });
    });
  }

  /** Does something while a flag has another variant than its resting one. */
  async during<T>(url: string, key: string, variant: string, work: () => Promise<T>): Promise<T> {
    const declared = flags.find((flag) => flag.key === key);
    if (declared === undefined) throw new Error(`There is no flag ${key}`);
    await this.set(url, key, variant);
    try {
      return await work();
    } finally {
      await this.set(url, key, declared.resting);
    }
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
