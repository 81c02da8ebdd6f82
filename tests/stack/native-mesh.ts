import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { Engine } from "../../src/stack/engines/engine.ts";
import { engines } from "../../src/stack/engines/index.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { NativeStack, type StackOptions } from "../../src/stack/native-stack.ts";

export interface NativeMesh {
  readonly stack: NativeStack;
  /** The database, as its superuser. */
  readonly sql: postgres.Sql;
  /** Stops it in order and removes its data. */
  remove(): Promise<void>;
}

/** Every engine and every service, as `npm run stack` runs them, on ports and data of a test's own. */
export async function startNativeMesh(
  options: Pick<StackOptions, "replicas" | "environment" | "settings" | "restarts">,
): Promise<NativeMesh> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-mesh-"));
  const installed = new Map<Engine, string>();
  for (const engine of engines) {
    const home = await engineHome(engine, enginesFolder(process.env));
    if (existsSync(home)) installed.set(engine, home);
  }
  const stack = await NativeStack.open({
    ...options,
    engines: installed,
    dataDir,
    ports: "free",
    secret: "a secret that all of them share",
    tell: () => {},
  });
  await stack.start();
  const sql = postgres({ ...stack.database, max: 1, onnotice: () => {} });
  return {
    stack,
    sql,
    async remove() {
      await sql.end({ timeout: 1 });
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
