import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../platform/config/environment.ts";
import { problemText, readManifest } from "./check-manifest.ts";
import type { KnownSystem } from "./known-system.ts";
import type { Manifest } from "./manifest.ts";

/** Where the manifests are. */
export const manifestFolder = fileURLToPath(new URL("../../scenarios/", import.meta.url));

/** A manifest with the text that it was read from. */
export interface ManifestFile {
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * Reads one manifest.
 *
 * @throws ConfigError with every problem, a line each
 */
export async function readManifestFile(path: string, system: KnownSystem): Promise<ManifestFile> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new ConfigError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  const read = readManifest(text, { file: path, system });
  if (read.kind === "problems") throw new ConfigError(read.problems.map(problemText).join("\n"));
  return { text, manifest: read.manifest };
}

/**
 * Reads every manifest of a folder, by id.
 *
 * @throws ConfigError with the problems of all of them, a line each
 */
export async function readManifestFolder(folder: string, system: KnownSystem): Promise<readonly Manifest[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  const read = await Promise.all(
    files.map(async (name) =>
      readManifest(await readFile(join(folder, name), "utf8"), { file: join(basename(folder), name), system }),
    ),
  );
  const problems = read.flatMap((each) => (each.kind === "problems" ? each.problems : []));
  if (problems.length > 0) throw new ConfigError(problems.map(problemText).join("\n"));
  return read.flatMap((each) => (each.kind === "manifest" ? [each.manifest] : []));
}
