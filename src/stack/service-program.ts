import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { complaintAbout } from "../platform/rpc/ask-health.ts";
import type { Program } from "./engines/engine.ts";

/** The bundle, which is there when npm has started this, and the sources else. */
const mains = ["../../dist/server/main.js", "../main.ts"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** A small young generation and a bounded heap: many processes of ours share a machine. */
const nodeArguments = ["--max-semi-space-size=2", "--max-old-space-size=96"];

/** The ports that a service has where nothing else is told, the first for its calls. */
export function servicePorts({ port, otherPorts = [] }: ServiceDeclaration): Readonly<Record<string, number>> {
  return { rpc: port.fallback, ...Object.fromEntries(otherPorts.map(({ name, fallback }) => [name, fallback])) };
}

/** A service as a process of its own, run and watched like an engine; ready when it says that it can serve. */
export function serviceProgram(service: ServiceDeclaration, environment: Readonly<Record<string, string>>): Program {
  return {
    name: service.name,
    runsWith: [],
    ports: servicePorts(service),
    async prepare({ ports, settings }) {
      const port = String(ports.rpc);
      return {
        program: process.execPath,
        args: [...nodeArguments, mains.find(existsSync) ?? "", "serve", service.name],
        environment: {
          MALLOC_ARENA_MAX: "2",
          MALLOC_MMAP_THRESHOLD_: "65536",
          ...environment,
          ...settings,
          [service.port.variable]: port,
          ...Object.fromEntries(
            (service.otherPorts ?? []).map(({ name, variable }) => [variable, String(ports[name])]),
          ),
        },
        isReady: async () => (await complaintAbout(port)) === undefined,
        readyWithinMs: 60_000,
        stopWithinMs: 15_000,
      };
    },
  };
}
