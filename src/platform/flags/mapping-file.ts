import { createHash, randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../config/environment.ts";
import type { FlagDeclaration } from "./flag.ts";
import { completeMapping, type FlagMapping, readFlagMapping } from "./flag-mapping.ts";
import { described } from "./json-text.ts";

/**
 * The mapping of a file, which only its owner may read. It is made when it is not there, and completed when flags were
 * declared since; processes that start together agree on it.
 *
 * @throws ConfigError when it cannot be read or written, or is broken
 */
export async function openMappingFile(path: string, declared: readonly FlagDeclaration[]): Promise<FlagMapping> {
  try {
    const text = (await textIfThere(path)) ?? (await make(path, declared));
    const read = readFlagMapping(text, declared);
    if (read.kind === "invalid")
      throw new ConfigError(read.problems.map((each) => `${path}:${described(each)}`).join("\n"));
    const complete = completeMapping(read.mapping, declared, createHash("sha256").update(text).digest());
    if (complete !== read.mapping) await placed(path, mappingText(complete), (temporary) => rename(temporary, path));
    return complete;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The mapping of flags can be neither read nor written: ${reason}`, { cause: error });
  }
}

/** Makes it unless another process does so first; the text that is there then. */
async function make(path: string, declared: readonly FlagDeclaration[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const text = mappingText(completeMapping({ flags: {} }, declared, randomBytes(32)));
  try {
    await placed(path, text, (temporary) => link(temporary, path));
    return text;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return readFile(path, "utf8");
    throw error;
  }
}

/** Writes beside the file what is put into its place as a whole. */
async function placed(path: string, text: string, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

function mappingText(mapping: FlagMapping): string {
  return `${JSON.stringify(mapping, null, 2)}\n`;
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
