import { resolve } from "node:path";
import { ConfigError } from "../platform/config/environment.ts";
import { type Engine, EngineError } from "../stack/engines/engine.ts";
import { engines } from "../stack/engines/index.ts";
import { enginesFolder, installEngine } from "../stack/engines/installation.ts";
import { startEngine } from "../stack/engines/running-engine.ts";
import { textTable } from "./stages.ts";
import { untilStopped } from "./until-stopped.ts";

/** Installs engines, all unless named, and tells which are there and what is missing without the others. */
export async function installEngines(names: readonly string[]): Promise<void> {
  const folder = enginesFolder(process.env);
  const rows = [["Engine", "Version", "State", "What for"]];
  let failed = 0;
  for (const engine of named(names)) {
    const { name, version, purpose, withoutIt } = engine;
    try {
      await withProgress(engine, (told) => installEngine(engine, folder, told));
      rows.push([name, version, "installed", purpose]);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      failed++;
      process.stderr.write(`${name}: ${error.message}\n`);
      rows.push([name, version, "missing", `without it, ${withoutIt}`]);
    }
  }
  process.stdout.write(`\n${textTable(rows)}\nIn ${folder}\n`);
  if (failed > 0) process.exitCode = 1;
}

/** Runs an engine on its usual ports until told to stop, or until it ends by itself. */
export async function runEngine(name: string, options: { readonly dataDir: string }): Promise<void> {
  const [engine] = named([name]);
  if (engine === undefined) return;
  const stopped = untilStopped();
  const folder = enginesFolder(process.env);
  const home = await withProgress(engine, (told) => installEngine(engine, folder, told));
  const dataDir = resolve(options.dataDir, name);
  const running = await startEngine(engine, { home, dataDir, ports: engine.ports });
  process.stdout.write(`${name} on ${running.address}, its data and log in ${dataDir}. Ctrl-C stops it.\n`);
  const ended = running.ended().then(() => {
    throw new EngineError(`${name} has ended; why is in ${running.log}.`);
  });
  await Promise.race([stopped, ended]);
  ended.catch(() => {});
  await running.stop();
}

function named(names: readonly string[]): readonly Engine[] {
  if (names.length === 0) return engines;
  return names.map((name) => {
    const found = engines.find((engine) => engine.name === name);
    if (found !== undefined) return found;
    const known = engines.map((engine) => engine.name).join(", ");
    throw new ConfigError(`There is no engine ${JSON.stringify(name)}; there are ${known}.`);
  });
}

/** One line for each engine: rewritten on a terminal, once for each thing that is done elsewhere. */
async function withProgress<T>(
  { name, version }: Engine,
  work: (told: { doing(what: string): void }) => Promise<T>,
): Promise<T> {
  const out = process.stderr;
  const begun = performance.now();
  const label = `${name} ${version}`.padEnd(16);
  let last: string | undefined;
  const doing = (what: string) => {
    // A count that goes up is no news in a log file.
    if (!out.isTTY && last !== undefined && what.startsWith(last)) return;
    last ??= what;
    out.write(out.isTTY ? `\r\x1b[K${label} ${what}` : `${label} ${what}\n`);
  };
  try {
    const done = await work({ doing });
    const seconds = Math.round((performance.now() - begun) / 1_000);
    if (out.isTTY) out.write("\r\x1b[K");
    out.write(`${label} ${last === undefined ? "was there already" : `ready in ${seconds} s`}\n`);
    return done;
  } catch (error) {
    if (out.isTTY) out.write("\r\x1b[K");
    throw error;
  }
}
