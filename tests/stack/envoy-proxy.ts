import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoy } from "../../src/stack/engines/envoy.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { type RunningEngine, startEngine } from "../../src/stack/engines/running-engine.ts";

export interface TestProxy {
  readonly engine: RunningEngine;
  /** Where it listens. */
  readonly url: string;
  /** The answer of its admin port. */
  admin(path: string, method?: "GET" | "POST"): Promise<string>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Envoy before services; where they are, by the names of clusters, as `host:port`. */
export async function startProxy(addresses: Readonly<Record<string, string>>): Promise<TestProxy> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-envoy-"));
  const home = await engineHome(envoy, enginesFolder(process.env));
  const engine = await startEngine(envoy, { home, dataDir, settings: addresses });
  return {
    engine,
    url: `http://${engine.address}`,
    async admin(path, method = "GET") {
      const answer = await fetch(`http://127.0.0.1:${engine.ports.admin}${path}`, { method });
      return answer.text();
    },
    async remove() {
      await engine.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
