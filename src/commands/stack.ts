import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { ConfigError, text } from "../platform/config/environment.ts";
import { services } from "../services/index.ts";
import { type Engine, EngineError } from "../stack/engines/engine.ts";
import { engines } from "../stack/engines/index.ts";
import { engineHome, enginesFolder, installEngine } from "../stack/engines/installation.ts";
import { startEngine } from "../stack/engines/running-engine.ts";
import { missingTools } from "../stack/engines/tools.ts";
import { NativeStack } from "../stack/native-stack.ts";
import { secretFromEnvironment, secretOfFolder } from "./secret.ts";
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

/** Runs every engine that is installed and every service, each as a process of its own, until told to stop. */
export async function runStack(options: {
  readonly dataDir: string;
  readonly without?: readonly string[];
  readonly replicas?: readonly string[];
}): Promise<void> {
  const replicas = new Map(options.replicas?.map(replicasOf));
  const stopped = untilStopped();
  const begun = performance.now();
  const dataDir = resolve(options.dataDir);
  const left = options.without === undefined ? [] : named(options.without);
  const installed = new Map<Engine, string>();
  const rows = [["Missing", "Why", "Without it"]];
  for (const engine of engines) {
    const why = left.includes(engine) ? "left out" : await whyNot(engine, installed);
    if (why !== undefined) rows.push([engine.name, why, engine.withoutIt]);
  }
  const tell = (line: string) => void process.stdout.write(`${line}\n`);
  if (rows.length > 1) tell(textTable(rows));
  await mkdir(dataDir, { recursive: true });
  const secret = secretFromEnvironment(process.env) ?? (await secretOfFolder(dataDir));
  const blind = text(process.env, "ORRERY_BLIND");
  const stack = await NativeStack.open({
    engines: installed,
    dataDir,
    ports: "usual",
    secret: secret.toString("base64url"),
    ...(blind === undefined ? {} : { environment: { ORRERY_BLIND: resolve(blind) } }),
    replicas,
    restarts: true,
    tell,
  });
  const isUp = await Promise.race([stack.start().then(() => true), stopped.then(() => false)]);
  if (isUp) {
    const took = ((performance.now() - begun) / 1_000).toFixed(1);
    tell(`\nAll of it ready in ${took} s.\n\n${whatIsWhere(stack, dataDir)}\nCtrl-C stops it.`);
    await stopped;
  }
  tell("\nStopping");
  await stack.stop();
  tell(`Stopped; the data stays in ${relative(".", dataDir)}.`);
}

/** `cart=3` */
function replicasOf(text: string): readonly [string, number] {
  const [, name = "", count] = /^([a-z-]+)=([1-9])$/.exec(text) ?? [];
  if (!services.some((service) => service.name === name)) {
    const known = services.map((service) => service.name).join(", ");
    throw new ConfigError(
      `--replicas ${JSON.stringify(text)} is not valid: it takes a service and a number up to 9, such as cart=3; there are ${known}.`,
    );
  }
  return [name, Number(count)];
}

/** Why an engine does not take part; undefined when it does, and then it is among the installed. */
async function whyNot(engine: Engine, installed: Map<Engine, string>): Promise<string | undefined> {
  const home = await engineHome(engine, enginesFolder(process.env));
  if (!existsSync(home)) return `not installed: npm run stack -- install ${engine.name}`;
  const missing = await missingTools(engine.runsWith);
  if (missing.length > 0) return missing.join(", and ");
  installed.set(engine, home);
  return undefined;
}

function whatIsWhere(stack: NativeStack, dataDir: string): string {
  const rows = [
    ["What", "Where"],
    ["The shop", `${stack.url}/`],
    ["What it does, live", `${stack.url}/observatory/`],
    ...(stack.addressOf("jaeger") === undefined
      ? []
      : [["Traces, by Jaeger's API", `${stack.url}/jaeger/ui/api/services`]]),
    ...(stack.addressOf("prometheus") === undefined
      ? []
      : [["Metrics and rules, by Prometheus' API", `http://${stack.addressOf("prometheus")}/api/v1/rules`]]),
    ["Web API", `${stack.url}/api/docs`],
    ["Mail that the shop has written", `${stack.url}/mail/`],
    ["gRPC, gRPC-Web and Connect", `${stack.url}/oteldemo.CartService/GetCart and so on`],
  ];
  for (const name of stack.names) {
    const address = stack.addressOf(name);
    if (address !== undefined) rows.push([`  ${name}`, address]);
  }
  const { host, port, database, username } = stack.database;
  rows.push(["Database", `psql -h ${host} -p ${port} -U ${username} ${database}`]);
  rows.push(["Data and logs", `${relative(".", dataDir)}/<name>/<name>.log`]);
  return textTable(rows);
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
  const label = `${name} ${version}`.padEnd(20);
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
