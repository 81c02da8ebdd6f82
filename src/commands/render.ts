import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { alertmanagerFiles, alertReceivers, hasReceivers } from "../deploy/alertmanager.ts";
import type { RenderedFile } from "../deploy/rendered-file.ts";
import { renderedFiles } from "../deploy/rendered-files.ts";
import { writePrivateFiles, writeRenderedFiles } from "../deploy/write-rendered-files.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { shopVersion } from "./version.ts";

const root = new URL("../../", import.meta.url);

/**
 * Writes the files that are rendered from the declarations; with `check`, only tells which would change. A file that
 * belongs to whoever uses it, `.env`, only gets what it lacks, unless `defaults` are wanted.
 */
export async function render(options: { readonly check?: boolean; readonly defaults?: boolean }): Promise<void> {
  const stale: RenderedFile[] = [];
  for (const { path, text, completed } of renderedFiles(await shopVersion())) {
    const current = await committed(path);
    const wanted = current === undefined || options.defaults ? text : (completed?.(current) ?? text);
    if (current !== wanted) stale.push({ path, text: wanted });
  }
  if (options.check) {
    if (stale.length === 0) return;
    const names = stale.map(({ path }) => path).join("\n");
    process.stdout.write(
      `${names}\nrun npm run orrery -- render${options.defaults ? " --defaults" : ""} and commit what it writes\n`,
    );
    process.exitCode = 1;
    return;
  }
  await writeRenderedFiles(fileURLToPath(root), stale);
  for (const { path } of stale) process.stdout.write(`${path} written\n`);
  if (stale.length === 0) process.stdout.write("Everything is as it would be rendered.\n");
}

/**
 * Writes what Alertmanager is started with to a folder of somebody's own, with the receivers that the environment names.
 *
 * @throws ConfigError when it names none, or not all that one needs
 */
export async function renderReceivers(folder: string): Promise<void> {
  const receivers = alertReceivers(process.env);
  if (!hasReceivers(receivers)) {
    throw new ConfigError(
      "Set ALERT_SLACK_URL or another variable of otel/alertmanager/receivers.env: nobody is to be told.",
    );
  }
  const [path] = await writePrivateFiles(folder, alertmanagerFiles({ receivers }));
  process.stdout.write(`${path} written\n`);
}

async function committed(path: string): Promise<string | undefined> {
  return readFile(new URL(path, root), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
