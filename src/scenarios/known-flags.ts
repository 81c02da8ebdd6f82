import { readFile } from "node:fs/promises";

interface FlagFile {
  readonly flags: Readonly<Record<string, { readonly variants: Readonly<Record<string, unknown>> }>>;
}

/** The variants of each flag, from a file in flagd's format. */
export async function flagVariants(file: string | URL): Promise<ReadonlyMap<string, readonly string[]>> {
  const { flags } = JSON.parse(await readFile(file, "utf8")) as FlagFile;
  return new Map(Object.entries(flags).map(([key, { variants }]) => [key, Object.keys(variants)]));
}
