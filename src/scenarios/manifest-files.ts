import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../platform/config/environment.ts";
import { problemText, readManifest } from "./check-manifest.ts";
import type { KnownSystem } from "./known-system.ts";
import type { Manifest } from "./manifest.ts";

/** Where the manifests are. */
export const manifestFolder = fileURLToPath(new URL("../../scenarios/", import.meta.url));

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
