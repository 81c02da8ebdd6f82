import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError, type Environment, port, text } from "../platform/config/environment.ts";
import { type FlagDocument, flagDocument, flagDocumentText } from "../platform/flags/flag-document.ts";
import { FlagFile } from "../platform/flags/flag-file.ts";
import { type FlagNames, opaqueNames, plainNames } from "../platform/flags/flag-names.ts";
import { FlagSet } from "../platform/flags/flag-set.ts";
import { type FlagSource, renamedSource, sourceOfFile } from "../platform/flags/flag-source.ts";
import { flagSync } from "../platform/flags/flag-sync.ts";
import { openMappingFile } from "../platform/flags/mapping-file.ts";
import type { Logger } from "../platform/logging/logger.ts";
import { flags } from "../services/flags.ts";

/**
 * Where the flags of a process come from: the file that FLAGD_FILE names, else the flagd of FLAGD_HOST, else a file of
 * its own, if it hands flags out, else declared flags, all at rest. With ORRERY_BLIND they have opaque names there.
 *
 * @param options.ownFolder where a file of its own is kept; undefined for a temporary place
 */
export async function flagSource(options: {
  readonly environment: Environment;
  readonly handsOut: boolean;
  /** Whether the file that FLAGD_FILE names is this process's to make, and to complete. */
  readonly keepsFile?: boolean;
  readonly ownFolder?: string | undefined;
  readonly log: Logger;
}): Promise<FlagSource> {
  const names = await flagNames(options.environment);
  const source = await sourceOutside(names, options);
  return names.areOpaque ? renamedSource(source, names) : source;
}

/** What flags are called outside of their services: as the mapping says that ORRERY_BLIND names, if it does. */
export async function flagNames(environment: Environment): Promise<FlagNames> {
  const mapping = text(environment, "ORRERY_BLIND");
  return mapping === undefined ? plainNames : opaqueNames(await openMappingFile(mapping, flags), flags);
}

async function sourceOutside(names: FlagNames, options: Parameters<typeof flagSource>[0]): Promise<FlagSource> {
  const { environment, handsOut, keepsFile, ownFolder, log } = options;
  const path = text(environment, "FLAGD_FILE");
  if (path !== undefined) {
    return sourceOfFile(keepsFile ? await openOwnFile(path, names, log) : await openFile(path, names, log));
  }
  const host = text(environment, "FLAGD_HOST");
  if (host !== undefined) return flagSync(`http://${host}:${port(environment, "FLAGD_SYNC_PORT", 8015)}`, log);
  if (!handsOut) return declaredFlags();
  if (ownFolder !== undefined) return sourceOfFile(await openOwnFile(ownFileIn(ownFolder, names), names, log));
  const folder = await mkdtemp(join(tmpdir(), "orrery-flags-"));
  const source = sourceOfFile(await openOwnFile(ownFileIn(folder, names), names, log));
  return {
    ...source,
    async close() {
      await source.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One for each kind of names: what is on under its own name is not to be read in the other file. */
export function ownFileIn(folder: string, { areOpaque }: FlagNames): string {
  return join(folder, areOpaque ? "opaque.flagd.json" : "demo.flagd.json");
}

function declaredFlags(): FlagSource {
  const set = new FlagSet();
  set.replace(flagDocument(flags));
  return { set, names: plainNames, close: async () => {} };
}

/**
 * A file that has every declared flag: what it lacks is added, what it has is left as it is. Under opaque names it has no
 * others: those of another mapping mean nothing.
 */
export async function openOwnFile(path: string, names: FlagNames, log: Logger): Promise<FlagFile> {
  const declared = declaredOutside(names);
  await mkdir(dirname(path), { recursive: true });
  const isThere = await readFile(path).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeFile(path, flagDocumentText(declared));
  const file = await openFile(path, names, log);
  const { flags: there } = file.set.document;
  const missing = Object.keys(declared.flags).filter((key) => there[key] === undefined);
  const meaningless = names.areOpaque ? Object.keys(there).filter((key) => declared.flags[key] === undefined) : [];
  if (missing.length + meaningless.length > 0) {
    await file.update((document) => {
      const kept = Object.entries(document.flags).filter(([key]) => !meaningless.includes(key));
      return { ...document, flags: { ...declared.flags, ...Object.fromEntries(kept) } };
    });
  }
  return file;
}

/** @throws ConfigError also when it tells the name of a flag that is to have none */
async function openFile(path: string, names: FlagNames, log: Logger): Promise<FlagFile> {
  const file = await FlagFile.open(path, log);
  if (!names.areOpaque) return file;
  const named = flags.find(({ key }) => file.set.document.flags[key] !== undefined);
  if (named === undefined) return file;
  await file.close();
  throw new ConfigError(
    `${path} names ${named.key}, but ORRERY_BLIND hides the names of flags: let FLAGD_FILE name a file that is not there, which is made then.`,
  );
}

/** The definitions of declared flags, all at rest; under opaque names in the order of those, which is none. */
function declaredOutside(names: FlagNames): FlagDocument {
  const outside = flags.map((flag) => names.outside({ ...flag, service: "", isFault: flag.fault !== undefined }));
  return flagDocument(names.areOpaque ? outside.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : outside);
}
