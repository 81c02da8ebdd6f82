import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Environment } from "../platform/config/environment.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import type { ChildMessage, ParentKind } from "./parent-process.ts";

/** A service as a process of its own, beside this one. */
export interface ChildProcess {
  /** Resolves once it serves, with its ports by name; never when it ends before. */
  readonly ports: Promise<Readonly<Record<string, number>>>;
  /** Resolves with why when the process is gone, however it went. */
  readonly ended: Promise<string>;
  /** Lets it finish what is under way; resolves when it is gone. */
  end(): Promise<void>;
}

/** This program: the sources, or the bundle that they are part of. */
const program = import.meta.url.endsWith(".ts")
  ? fileURLToPath(new URL("../main.ts", import.meta.url))
  : (process.argv[1] ?? "");

/** A stop is in under ten seconds; whoever takes longer is ended. */
const endWithinMs = 9_000;
/** Of what a process writes to standard error, so many characters are kept for the reason of its end. */
const keptCharacters = 8_000;

/** Starts it. It ends with this process, however that ends, for the channel between the two breaks then. */
export function startChildProcess(options: {
  readonly service: string;
  readonly heapMb: number;
  /** All that it has of an environment. */
  readonly environment: Environment;
  /** Who takes its telemetry, if anybody does. */
  readonly sinks: readonly TelemetrySink[];
}): ChildProcess {
  const { service, heapMb, environment, sinks } = options;
  const kind: ParentKind = sinks.length > 0 ? "takes-telemetry" : "plain";
  const nodeArguments = ["--max-semi-space-size=2", `--max-old-space-size=${heapMb}`];
  const child = spawn(process.execPath, [...nodeArguments, program, "serve", service, "--parent", kind], {
    env: { ...environment },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    serialization: "advanced",
    // Ctrl-C of a terminal goes to all of a group: here it is this process that ends it.
    detached: true,
  });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors = (errors + chunk).slice(-keptCharacters);
  });
  const ports = new Promise<Readonly<Record<string, number>>>((resolve) => {
    child.on("message", (message: ChildMessage) => {
      if (message.kind === "ports") resolve(message.ports);
      else for (const sink of sinks) sink.accept(message.signal, message.request);
    });
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(reasonOf(errors, code, signal)));
  });
  return {
    ports,
    ended,
    async end() {
      child.kill("SIGTERM");
      const patience = new AbortController();
      const late = sleep(endWithinMs, "late" as const, { signal: patience.signal }).catch(() => undefined);
      if ((await Promise.race([ended, late])) === "late") child.kill("SIGKILL");
      patience.abort();
      await ended;
    },
  };
}

/** V8 says itself why it gives up; others by their last line. */
function reasonOf(errors: string, code: number | null, signal: NodeJS.Signals | null): string {
  const how = signal ?? `status ${code}`;
  const fatal = /FATAL ERROR: (.+)/.exec(errors)?.[1] ?? errors.trim().split("\n").at(-1);
  return fatal === undefined || fatal === "" ? how : `${how}: ${fatal.trim()}`;
}
