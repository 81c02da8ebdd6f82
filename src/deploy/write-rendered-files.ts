import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "../platform/config/environment.ts";
import type { RenderedFile } from "./rendered-file.ts";

/**
 * Writes files below a folder, anew: one that was there would keep its rights.
 *
 * @returns the path of each
 */
export async function writeRenderedFiles(folder: string, files: readonly RenderedFile[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { path, text } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await rm(file, { force: true });
    await writeFile(file, text, { mode: 0o644 });
    paths.push(file);
  }
  return paths;
}

/**
 * The same for files with keys in them: nobody else on the machine comes by the folder, while in a container that is given
 * a file its user can read it.
 *
 * @throws ConfigError for a folder that others may come by
 */
export async function writePrivateFiles(folder: string, files: readonly RenderedFile[]): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (((await stat(folder)).mode & 0o077) !== 0) {
    throw new ConfigError(`Others may come by ${folder}: name a folder that is not there yet, or one of mode 700.`);
  }
  return writeRenderedFiles(folder, files);
}
