import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Environment, port, text } from "../platform/config/environment.ts";
import { flagDocument, flagDocumentText } from "../platform/flags/flag-document.ts";
import { FlagFile } from "../platform/flags/flag-file.ts";
import { FlagSet, type FlagSource } from "../platform/flags/flag-set.ts";
import { flagSync } from "../platform/flags/flag-sync.ts";
import type { Logger } from "../platform/logging/logger.ts";
import { flags } from "../services/flags.ts";

/**
 * Where the flags of a process come from: the file that FLAGD_FILE names, else the flagd of FLAGD_HOST, else a file of
 * its own, if it hands flags out, else declared flags, all at rest.
 *
 * @param options.ownFile where a file of its own is kept; undefined for a temporary place
 */
export async function flagSource(options: {
  readonly environment: Environment;
  readonly handsOut: boolean;
  /** Whether the file that FLAGD_FILE names is this process's to make, and to complete. */
  readonly keepsFile?: boolean;
  readonly ownFile?: string | undefined;
  readonly log: Logger;
}): Promise<FlagSource> {
  const { environment, handsOut, keepsFile, ownFile, log } = options;
  const file = text(environment, "FLAGD_FILE");
  if (file !== undefined) return keepsFile ? openOwnFile(file, log) : FlagFile.open(file, log);
  const host = text(environment, "FLAGD_HOST");
  if (host !== undefined) return flagSync(`http://${host}:${port(environment, "FLAGD_SYNC_PORT", 8015)}`, log);
  if (!handsOut) return declaredFlags();
  if (ownFile !== undefined) return openOwnFile(ownFile, log);
  const folder = await mkdtemp(join(tmpdir(), "orrery-flags-"));
  const opened = await openOwnFile(join(folder, "demo.flagd.json"), log);
  const close = opened.close.bind(opened);
  opened.close = async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
  return opened;
}

function declaredFlags(): FlagSource {
  const set = new FlagSet();
  set.replace(flagDocument(flags));
  return { set, close: async () => {} };
}

/** A file that has every declared flag: what it lacks is added, what it has is left as it is. */
export async function openOwnFile(path: string, log: Logger): Promise<FlagFile> {
  const declared = flagDocument(flags);
  await mkdir(dirname(path), { recursive: true });
  const isThere = await readFile(path).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeFile(path, flagDocumentText(declared));
  const file = await FlagFile.open(path, log);
  const missing = Object.keys(declared.flags).filter((key) => file.set.document.flags[key] === undefined);
  if (missing.length > 0) {
    await file.update((document) => ({ ...document, flags: { ...declared.flags, ...document.flags } }));
  }
  return file;
}
