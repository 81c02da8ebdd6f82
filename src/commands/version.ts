import { readFile } from "node:fs/promises";

/** The version of everything here, as package.json has it. */
export async function shopVersion(): Promise<string> {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
  return version;
}
