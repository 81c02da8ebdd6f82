import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { RenderedFile } from "../../src/deploy/rendered-file.ts";
import type { Engine } from "../../src/stack/engines/engine.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { type RunningEngine, startEngine } from "../../src/stack/engines/running-engine.ts";

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
  const dataDir = await mkdtemp(join(tmpdir(), `orrery-${engine.name}-`));
  const [first] = files;
  if (first === undefined) throw new Error("An engine is started with a file.");
  await writeFiles(dataDir, files);
  const home = await engineHome(engine, enginesFolder(process.env));
  const running = await startEngine(engine, {
    home,
    dataDir,
    settings: { "config.file": join(dataDir, first.path) },
  });
  return {
    engine: running,
    async ask(path) {
      const response = await fetch(`http://${running.address}${path}`);
      const text = await response.text();
      expect(response.status, `${path}: ${text}`).toBe(200);
      const answer = JSON.parse(text);
      return answer.data ?? answer;
    },
    async remove() {
      await running.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function writeFiles(folder: string, files: readonly RenderedFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
