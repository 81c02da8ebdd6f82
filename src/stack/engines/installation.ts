import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Environment, text } from "../../platform/config/environment.ts";
import { type Engine, EngineError } from "./engine.ts";
import { missingTools } from "./tools.ts";

/** Where engines are kept: outside the repository, for all checkouts of a user. */
export function enginesFolder(environment: Environment): string {
  const own = text(environment, "ORRERY_ENGINES_DIR");
  if (own !== undefined) return resolve(own);
  return join(text(environment, "XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "orrery", "engines");
}

/** The folder of an engine's installation, there or not. */
export async function engineHome(engine: Engine, folder: string): Promise<string> {
  const recipe = createHash("sha256");
  for (const file of engine.recipe) recipe.update(await readFile(file));
  return join(folder, `${engine.name}-${engine.version}-${recipe.digest("hex").slice(0, 8)}`);
}

/** Says what an installation is at. */
export interface InstallTold {
  doing(what: string): void;
}

/**
 * Installs an engine unless it is there; returns its folder. It is made beside its place and renamed when complete, so
 * that what is there is whole, and two that install at once do not disturb each other.
 *
 * @throws EngineError when something is missing, with one line for the person at the terminal
 */
export async function installEngine(engine: Engine, folder: string, told: InstallTold): Promise<string> {
  const home = await engineHome(engine, folder);
  if (existsSync(home)) return home;
  const missing = await missingTools([...engine.installsWith, ...engine.runsWith]);
  if (missing.length > 0) throw new EngineError(`${missing.join(", and ")}.`);
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new EngineError(`${folder} cannot be made (${cause.message}): set ORRERY_ENGINES_DIR.`, { cause });
  });
  await removeAbandoned(folder);
  const fresh = join(folder, `.${engine.name}-${engine.version}.${process.pid}`);
  const log = join(folder, `${engine.name}-${engine.version}.log`);
  // One that was killed had the same number.
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  await writeFile(log, "");
  let writing = Promise.resolve();
  try {
    await engine.install(fresh, {
      doing: (what) => told.doing(what),
      output(chunk) {
        writing = writing.then(() => appendFile(log, chunk));
      },
    });
    await rename(fresh, home).catch((error) => {
      // Another has been faster.
      if (!existsSync(home)) throw error;
    });
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError(`${cause.message} All that was said is in ${log}.`, { cause });
  } finally {
    await writing;
    await rm(fresh, { recursive: true, force: true });
  }
  return home;
}

/** Removes what installations left behind that were killed. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^\..+\.(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
