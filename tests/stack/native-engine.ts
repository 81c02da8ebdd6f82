import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../src/stack/engines/engine.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { type RunningEngine, startEngine } from "../../src/stack/engines/running-engine.ts";

/** A running engine of a test's own, with an empty data folder. */
export interface TestEngine {
  readonly engine: RunningEngine;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Starts an engine, on free ports unless told. */
export async function startTestEngine(
  engine: Engine,
  settings: Readonly<Record<string, string>> = {},
  ports: Readonly<Record<string, number>> = {},
): Promise<TestEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), `orrery-${engine.name}-`));
  const home = await engineHome(engine, enginesFolder(process.env));
  const running = await startEngine(engine, { home, dataDir, settings, ports }).catch(async (error) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  return {
    engine: running,
    async remove() {
      await running.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
