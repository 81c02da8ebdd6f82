import { type FlagDefinition, type FlagDocument, withVariant } from "../../platform/flags/flag-document.ts";
import type { FlagFile, WriteOptions, Written } from "../../platform/flags/flag-file.ts";
import type { KnownFlag } from "../../platform/flags/flag-names.ts";
import { described } from "../../platform/flags/json-text.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { flagUiErrors } from "./errors.ts";
import { isAtRest, withRest } from "./known-flag.ts";

/** Changes flags for people and programs: what cannot be done is refused by an error that says what could be. */
export class FlagControl {
  readonly #file: FlagFile;
  readonly #known: ReadonlyMap<string, KnownFlag>;
  readonly #log: Logger;

  constructor(options: {
    readonly file: FlagFile;
    readonly known: ReadonlyMap<string, KnownFlag>;
    readonly log: Logger;
  }) {
    this.#file = options.file;
    this.#known = options.known;
    this.#log = options.log;
  }

  /** @returns the new version of the file */
  set(key: string, variant: string, options: WriteOptions): Promise<string> {
    return this.#update((document) => {
      const { variants } = found(document, key);
      if (!Object.hasOwn(variants, variant)) {
        const there = Object.keys(variants).join(", ");
        throw rpcError(flagUiErrors.VARIANT_NOT_FOUND, `${key} has no variant ${quoted(variant)}; it has ${there}.`);
      }
      return withVariant(document, key, variant);
    }, options);
  }

  /** @param rule JSON; empty for none */
  setTargeting(key: string, rule: string, options: WriteOptions): Promise<string> {
    const targeting = parsedRule(rule);
    return this.#update((document) => {
      const { targeting: _, ...flag } = found(document, key);
      const changed = targeting === undefined ? flag : { ...flag, targeting };
      return { ...document, flags: { ...document.flags, [key]: changed } };
    }, options);
  }

  /**
   * Puts flags at rest.
   *
   * @param keys all that are faults, when there is none
   * @returns those that were not, and the new version of the file
   */
  async clear(
    keys: readonly string[],
    options: WriteOptions,
  ): Promise<{ readonly cleared: readonly string[]; readonly version: string }> {
    let cleared: readonly string[] = [];
    const version = await this.#update((document) => {
      const wanted = keys.length > 0 ? keys.map((key) => this.#declared(document, key)) : this.#faults(document);
      const awake = wanted.filter((known) => {
        const flag = document.flags[known.key];
        return flag !== undefined && !isAtRest(flag, known);
      });
      cleared = awake.map(({ key }) => key);
      return awake.reduce(withRest, document);
    }, options);
    return { cleared, version };
  }

  /** Replaces the whole file. */
  async write(text: string, options: WriteOptions): Promise<string> {
    return this.#versionOf(await this.#done(this.#file.write(text, options)), { isOfFile: false });
  }

  #declared(document: FlagDocument, key: string): KnownFlag {
    found(document, key);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    throw rpcError(
      flagUiErrors.FLAG_NOT_DECLARED,
      `No service declares ${key}, so that nothing says which of its variants is the one at rest; set it instead.`,
    );
  }

  #faults({ flags }: FlagDocument): readonly KnownFlag[] {
    return [...this.#known.values()].filter(({ key, isFault }) => isFault && Object.hasOwn(flags, key));
  }

  async #update(change: (document: FlagDocument) => FlagDocument, options: WriteOptions): Promise<string> {
    const written = await this.#done(this.#file.update(change, options));
    return this.#versionOf(written, { isOfFile: this.#file.state.problems.length > 0 });
  }

  async #done(writing: Promise<Written>): Promise<Written> {
    try {
      return await writing;
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      this.#log.error({ error }, `${this.#file.path} cannot be read or written`);
      const message = `The file of flags cannot be read or written: ${error.message}. Nothing was changed.`;
      throw rpcError(flagUiErrors.FLAG_FILE_UNAVAILABLE, message, { cause: error });
    }
  }

  /** @param of.isOfFile whether it is the file that was broken before, rather than what was to be written */
  #versionOf(written: Written, { isOfFile }: { readonly isOfFile: boolean }): string {
    if (written.kind === "written") return written.version;
    if (written.kind === "conflict") {
      throw rpcError(
        flagUiErrors.FLAGS_CHANGED,
        `Somebody has changed the flags meanwhile: they are at version ${written.version} by now.`,
        { metadata: { version: written.version } },
      );
    }
    const where = written.problems.map((problem) => `line ${described(problem)}`).join("; ");
    if (isOfFile) {
      const message = `The file of flags is broken, and flags are as they were before: ${where}.`;
      throw rpcError(flagUiErrors.FLAG_FILE_BROKEN, message);
    }
    throw rpcError(flagUiErrors.FLAGS_INVALID, `This is not valid: ${where}.`);
  }
}

/** @throws FLAG_NOT_FOUND */
export function found({ flags }: FlagDocument, key: string): FlagDefinition {
  const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
  if (flag !== undefined) return flag;
  const there = Object.keys(flags).join(", ") || "none";
  throw rpcError(flagUiErrors.FLAG_NOT_FOUND, `There is no flag ${quoted(key)} in the file; there are: ${there}.`);
}

function parsedRule(rule: string): Record<string, unknown> | undefined {
  if (rule.trim() === "") return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(rule);
  } catch (error) {
    throw rpcError(
      flagUiErrors.FLAGS_INVALID,
      `The rule is no JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw rpcError(flagUiErrors.FLAGS_INVALID, 'The rule is no JSON object, such as {"if": [..., "on", "off"]}.');
  }
  return Object.keys(parsed).length === 0 ? undefined : { ...parsed };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
