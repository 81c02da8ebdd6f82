import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, isFreePort } from "../../platform/lifecycle/free-port.ts";
import { type EngineCommand, EngineError, type EnginePlace, type Program } from "./engine.ts";
import { missingTools } from "./tools.ts";

export interface RunOptions {
  /** The installation, as `installEngine` returns it. */
  readonly home: string;
  /** Kept between runs. */
  readonly dataDir: string;
  /** Ports that are not given are free ones, chosen once. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Settings of its configuration file that shall be others. */
  readonly settings?: Readonly<Record<string, string>>;
}

const pollMs = 50;

/** What runs, to end with this process. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Chooses ports for an engine and starts it; returns when it can serve. */
export async function startEngine(engine: Program, options: RunOptions): Promise<RunningEngine> {
  const { home, dataDir, settings = {} } = options;
  const missing = await missingTools(engine.runsWith);
  if (missing.length > 0) throw new EngineError(`${engine.name} cannot run: ${missing.join(", and ")}.`);
  const ports: Record<string, number> = { ...options.ports };
  for (const name of Object.keys(engine.ports)) ports[name] ??= await freePort();
  const running = new RunningEngine(engine, { home, dataDir, ports, settings });
  await running.start();
  return running;
}

/** One instance of an engine on this machine, reached over the loopback interface. It ends with this process. */
export class RunningEngine {
  readonly ports: Readonly<Record<string, number>>;
  /** Where it prints to, over all its runs. */
  readonly log: string;
  readonly #engine: Program;
  readonly #place: EnginePlace;
  /** How often it was told to end: a start that was overtaken by that starts nothing. */
  #ends = 0;
  #run: { readonly child: ChildProcess; readonly command: EngineCommand; isReady: boolean } | undefined;

  constructor(engine: Program, place: EnginePlace) {
    this.#engine = engine;
    this.#place = place;
    this.ports = place.ports;
    this.log = join(place.dataDir, `${engine.name}.log`);
  }

  /** `127.0.0.1:9092`: where the shop finds it. */
  get address(): string {
    return `127.0.0.1:${this.ports[Object.keys(this.#engine.ports)[0] ?? ""]}`;
  }

  /** Resolves when it is not running any more, whoever ended it: with its status or the signal that did, if it ran. */
  async ended(): Promise<number | NodeJS.Signals | undefined> {
    const child = this.#run?.child;
    if (child === undefined) return undefined;
    const [status, signal] = await once(child, "exit");
    return status ?? signal;
  }

  /** Whether it runs and could serve when it was last started. */
  get isReady(): boolean {
    return this.#run?.isReady ?? false;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#run?.child.pid;
  }

  /** Starts it, again on the same data and ports after a stop; returns when it can serve. */
  async start(): Promise<void> {
    if (this.#run !== undefined) return;
    const ends = this.#ends;
    for (const [name, port] of Object.entries(this.ports)) {
      if (await isFreePort(port)) continue;
      throw new EngineError(
        `Port ${port}, which ${this.#engine.name} wants as ${name}, is taken: end what listens there (ss -ltnp shows it).`,
      );
    }
    await mkdir(this.#place.dataDir, { recursive: true });
    const command = await this.#engine.prepare(this.#place);
    const log = await open(this.log, "a");
    const { size: begin } = await log.stat();
    if (this.#ends !== ends) {
      await log.close();
      throw new EngineError(`${this.#engine.name} was stopped before it had started.`);
    }
    const child = spawn(command.program, command.args, {
      cwd: this.#place.dataDir,
      env: { ...process.env, ...command.environment },
      stdio: ["ignore", log.fd, log.fd],
      // Ctrl-C at a terminal is for this process, which stops the others in their order.
      detached: true,
    });
    // At once, for it may be told to end from here on.
    const run = { child, command, isReady: false };
    this.#run = run;
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    failed.catch(() => {});
    children.add(child);
    child.once("exit", () => {
      children.delete(child);
      if (this.#run?.child === child) this.#run = undefined;
    });
    await log.close();
    await Promise.race([this.#ready(child, command, begin), failed]).catch(async (error) => {
      await this.kill();
      this.#run = undefined;
      throw error;
    });
    run.isReady = true;
  }

  async #ready(child: ChildProcess, command: EngineCommand, begin: number): Promise<void> {
    const end = performance.now() + command.readyWithinMs;
    for (;;) {
      const output = await readFrom(this.log, begin);
      // What answers must be what was started: a port may be another's.
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning && (await command.isReady(output))) return;
      if (!isRunning || performance.now() > end) {
        const what = isRunning ? `is not ready after ${command.readyWithinMs / 1_000} s` : "ended before it was ready";
        const last = output.trim().split("\n").slice(-5).join("\n");
        throw new EngineError(`${this.#engine.name} ${what}; ${this.log} ends with:\n${last}`);
      }
      await sleep(pollMs);
    }
  }

  /** Asks it to end (SIGTERM), and makes it (SIGKILL) when that takes too long. */
  async stop(): Promise<void> {
    const { stopWithinMs = 0 } = this.#run?.command ?? {};
    await this.#end("SIGTERM", stopWithinMs);
  }

  /** Ends it as a crash does (SIGKILL). */
  async kill(): Promise<void> {
    await this.#end("SIGKILL", 0);
  }

  async #end(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    this.#ends++;
    const child = this.#run?.child;
    if (child === undefined || child.pid === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal === "SIGTERM") {
      const late = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(late);
    } else await ended;
  }
}

/** What stands in a file from a place on; the log of many runs may be long. */
async function readFrom(path: string, begin: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(size - begin, 0)), { position: begin });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
