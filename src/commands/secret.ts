import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, type Environment, text } from "../platform/config/environment.ts";

const minCharacters = 16;

const hexPrefix = "hex:";

/**
 * ORRERY_SECRET, if it is set: every process that shares data with others needs the same one. Bytes that are no text
 * are written like `hex:0f7a…`.
 */
export function secretFromEnvironment(environment: Environment): Buffer | undefined {
  const given = text(environment, "ORRERY_SECRET");
  if (given === undefined) return undefined;
  if (given.length < minCharacters)
    throw new ConfigError(`ORRERY_SECRET is too short: it takes ${minCharacters} characters or more.`);
  return given.startsWith(hexPrefix) ? Buffer.from(given.slice(hexPrefix.length), "hex") : Buffer.from(given);
}

/** The secret as ORRERY_SECRET takes it. */
export function secretAsText(secret: Buffer): string {
  return hexPrefix + secret.toString("hex");
}

/** The secret of a data folder, made when there is none yet; readable by its owner only. */
export async function secretOfFolder(dataDir: string): Promise<Buffer> {
  const file = join(dataDir, "secret");
  try {
    return await readFile(file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const secret = randomBytes(32);
  await writeFile(file, secret, { mode: 0o600, flag: "wx" });
  return secret;
}
