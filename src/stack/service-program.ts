import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { complaintAbout } from "../platform/rpc/ask-health.ts";
import type { Program } from "./engines/engine.ts";

/** The bundle, which is there when npm has started this, and the sources else. */
const mains = ["../../dist/server/main.js", "../main.ts"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** A small young generation and a bounded heap: many processes of ours share a machine. */
const nodeArguments = ["--max-semi-space-size=2", "--max-old-space-size=96"];

/** A service as a process of its own, run and watched like an engine; ready when it says that it can serve. */
export function serviceProgram(service: ServiceDeclaration, environment: Readonly<Record<string, string>>): Program {
  return {
    name: service.name,
    runsWith: [],
    ports: { rpc: service.port.fallback },
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
        },
        isReady: async () => (await complaintAbout(port)) === undefined,
        readyWithinMs: 60_000,
        stopWithinMs: 15_000,
      };
    },
  };
}
