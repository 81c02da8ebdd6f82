import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { RenderedFile } from "../deploy/rendered-file.ts";
import { renderedFiles } from "../deploy/rendered-files.ts";
import { writeRenderedFiles } from "../deploy/write-rendered-files.ts";
import { shopVersion } from "./version.ts";

const root = new URL("../../", import.meta.url);

/** Writes the files that are rendered from the declarations; with `check`, only tells which would change. */
export async function render(options: { readonly check?: boolean }): Promise<void> {
  const stale: RenderedFile[] = [];
  for (const file of renderedFiles(await shopVersion())) if ((await committed(file)) !== file.text) stale.push(file);
  if (options.check) {
    if (stale.length === 0) return;
    const names = stale.map(({ path }) => path).join("\n");
    process.stdout.write(`${names}\nrun npm run orrery -- render and commit what it writes\n`);
    process.exitCode = 1;
    return;
  }
  await writeRenderedFiles(fileURLToPath(root), stale);
  for (const { path } of stale) process.stdout.write(`${path} written\n`);
  if (stale.length === 0) process.stdout.write("Everything is as it would be rendered.\n");
}

async function committed({ path }: RenderedFile): Promise<string | undefined> {
  return readFile(new URL(path, root), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
