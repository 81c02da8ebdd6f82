import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Environment } from "../platform/config/environment.ts";
import type { FlagSource } from "../platform/flags/flag-source.ts";
import { type Databases, databaseText } from "../platform/lifecycle/databases.ts";
import type { ServiceAddress, ServiceChild } from "../platform/lifecycle/own-process.ts";
import { type ChildOptions, scrapedPort } from "../platform/lifecycle/running-process.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import type { LogLevel } from "../platform/logging/logger.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import type { ChildMessage, ParentKind } from "./parent-process.ts";
import { secretAsText } from "./secret.ts";

/** What a Node program needs of its surroundings, whatever the shop is told. */
const inherited = ["PATH", "HOME", "TMPDIR", "TZ", "NODE_COMPILE_CACHE"];

/** This program: the sources, or the bundle that they are part of. */
const program = import.meta.url.endsWith(".ts")
  ? fileURLToPath(new URL("../main.ts", import.meta.url))
  : (process.argv[1] ?? "");

/** A stop is in under ten seconds; whoever takes longer is ended. */
const endWithinMs = 9_000;
/** Of what a process writes to standard error, so many characters are kept for the reason of its end. */
const keptCharacters = 8_000;

/** Starts services of a shop as processes of their own, with the shop's data, flags, secret and telemetry. */
export function ownProcesses(shop: {
  readonly environment: Environment;
  readonly databases: Databases;
  readonly flags: FlagSource;
  readonly secret: Buffer;
  readonly logLevel: LogLevel;
  readonly sinks: readonly TelemetrySink[];
}): (child: ChildOptions) => Promise<ServiceChild> {
  const { environment, databases, flags, secret, logLevel, sinks } = shop;
  return async ({ service, heapMb, addresses }) => {
    const { schema, port, scraped, otherPorts = [] } = service;
    const anyPort = [port, ...(scraped === undefined ? [] : [scraped]), ...otherPorts].map(({ variable }) => variable);
    return startService(service, {
      heapMb,
      sinks,
      environment: {
        ...Object.fromEntries(inherited.map((variable) => [variable, process.env[variable]])),
        ...environment,
        ...addresses,
        ...Object.fromEntries(anyPort.map((variable) => [variable, "0"])),
        ...(schema === undefined ? {} : { DB_CONNECTION_STRING: databaseText(await databases.addressFor(schema)) }),
        ...(flags.file === undefined ? {} : { FLAGD_FILE: flags.file.path }),
        LOG_LEVEL: logLevel,
        ORRERY_SECRET: secretAsText(secret),
      },
    });
  };
}

/** It ends with this process, however that ends, for the channel between the two breaks then. */
function startService(
  service: ServiceDeclaration,
  options: {
    readonly heapMb: number;
    readonly sinks: readonly TelemetrySink[];
    readonly environment: Environment;
  },
): ServiceChild {
  const { heapMb, sinks, environment } = options;
  const kind: ParentKind = sinks.length > 0 ? "takes-telemetry" : "plain";
  const nodeArguments = ["--max-semi-space-size=2", `--max-old-space-size=${heapMb}`];
  const child = spawn(process.execPath, [...nodeArguments, program, "serve", service.name, "--parent", kind], {
    env: { ...environment },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    serialization: "advanced",
    // Ctrl-C of a terminal goes to all of a group: here it is the shop that ends it.
    detached: true,
  });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors = (errors + chunk).slice(-keptCharacters);
  });
  const serving = new Promise<ServiceAddress>((resolve) => {
    child.on("message", (message: ChildMessage) => {
      if (message.kind === "ports") resolve(addressOf(service, message.ports));
      else for (const sink of sinks) sink.accept(message.signal, message.request);
    });
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(reasonOf(errors, code, signal)));
  });
  return {
    serving,
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

function addressOf(service: ServiceDeclaration, ports: Readonly<Record<string, number>>): ServiceAddress {
  const at = (name: string) => (ports[name] === undefined ? undefined : `http://127.0.0.1:${ports[name]}`);
  return { origin: at(service.name) ?? "", scraped: at(scrapedPort(service)) };
}

/** V8 says itself why it gives up; others by their last line. */
function reasonOf(errors: string, code: number | null, signal: NodeJS.Signals | null): string {
  const how = signal ?? `status ${code}`;
  const fatal = /FATAL ERROR: (.+)/.exec(errors)?.[1] ?? errors.trim().split("\n").at(-1);
  return fatal === undefined || fatal === "" ? how : `${how}: ${fatal.trim()}`;
}
