import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { RenderedFile } from "../../src/deploy/rendered-file.ts";
import { writeRenderedFiles } from "../../src/deploy/write-rendered-files.ts";
import type { Engine } from "../../src/stack/engines/engine.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import type { RunningEngine } from "../../src/stack/engines/running-engine.ts";
import { startTestEngine } from "./native-engine.ts";

/** Runs a program that came with an engine; what it printed. @throws when it fails, with all that it said */
export async function engineProgram(engine: Engine, program: string, args: readonly string[], cwd: string) {
  const home = await engineHome(engine, enginesFolder(process.env));
  return promisify(execFile)(join(home, program), args, { cwd }).then(({ stdout }) => stdout);
}

export interface Configured {
  readonly engine: RunningEngine;
  /** Asks its API; what stands under `data`, or the whole where nothing does. */
  // biome-ignore lint/suspicious/noExplicitAny: the API has answers of many shapes
  ask(path: string): Promise<any>;
  remove(): Promise<void>;
}

/** Starts an engine on files of a test's own. */
export async function startConfigured(engine: Engine, files: readonly RenderedFile[]): Promise<Configured> {
  const folder = await mkdtemp(join(tmpdir(), `orrery-${engine.name}-files-`));
  const [configuration = ""] = await writeRenderedFiles(folder, files);
  const started = await startTestEngine(engine, { "config.file": configuration });
  return {
    engine: started.engine,
    async ask(path) {
      const response = await fetch(`http://${started.engine.address}${path}`);
      const text = await response.text();
      expect(response.status, `${path}: ${text}`).toBe(200);
      const answer = JSON.parse(text);
      return answer.data ?? answer;
    },
    async remove() {
      await started.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
