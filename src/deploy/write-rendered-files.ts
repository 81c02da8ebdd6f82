import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RenderedFile } from "./rendered-file.ts";

/**
 * Writes files below a folder, anew: one that was there would keep its rights.
 *
 * @param options.mode rights of the files
 * @returns the path of each
 */
export async function writeRenderedFiles(
  folder: string,
  files: readonly RenderedFile[],
  { mode = 0o644 }: { readonly mode?: number } = {},
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { path, text } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await rm(file, { force: true });
    await writeFile(file, text, { mode });
    paths.push(file);
  }
  return paths;
}
