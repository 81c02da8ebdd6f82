import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { type RunningEngine, startEngine } from "../../src/stack/engines/running-engine.ts";

export interface TestBroker {
  readonly engine: RunningEngine;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** A Kafka broker of a test's own. */
export async function startBroker(
  options: {
    readonly ports?: Readonly<Record<string, number>>;
    readonly settings?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-kafka-"));
  const home = await engineHome(kafka, enginesFolder(process.env));
  const engine = await startEngine(kafka, { home, dataDir, ...options });
  return {
    engine,
    async remove() {
      await engine.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
