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
  options: Pick<StackOptions, "replicas" | "environment" | "settings" | "restarts"> & {
    /** The names of those that take part; all unless told. */
    readonly engines?: readonly string[];
    /** Kept by the test; one of its own unless told. */
    readonly dataDir?: string;
  },
): Promise<NativeMesh> {
  const { engines: wanted, dataDir: kept, ...others } = options;
  const dataDir = kept ?? (await mkdtemp(join(tmpdir(), "orrery-mesh-")));
  const installed = new Map<Engine, string>();
  for (const engine of engines) {
    if (wanted?.includes(engine.name) === false) continue;
    const home = await engineHome(engine, enginesFolder(process.env));
    if (existsSync(home)) installed.set(engine, home);
  }
  const stack = await NativeStack.open({
    ...others,
    engines: installed,
    dataDir,
    ports: "free",
    secret: "a secret that all of them share",
    tell: () => {},
  });
  const removeData = async () => {
    if (kept === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  await stack.start().catch(async (error) => {
    await removeData();
    throw error;
  });
  const sql = postgres({ ...stack.database, max: 1, onnotice: () => {} });
  return {
    stack,
    sql,
    async remove() {
      await sql.end({ timeout: 1 });
      await stack.stop();
      await removeData();
    },
  };
}
