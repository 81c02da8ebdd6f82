import type { Environment } from "../platform/config/environment.ts";
import type { FlagSource } from "../platform/flags/flag-source.ts";
import { type Databases, databaseText } from "../platform/lifecycle/databases.ts";
import { shareEventLog } from "../platform/lifecycle/event-logs.ts";
import type { ServiceAddress, ServiceChild } from "../platform/lifecycle/own-process.ts";
import { type ChildOptions, scrapedPort } from "../platform/lifecycle/running-process.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import type { LogLevel } from "../platform/logging/logger.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import { startChildProcess } from "./child-process.ts";
import { secretAsText } from "./secret.ts";

/** What a Node program needs of its surroundings, whatever the shop is told. */
const inherited = ["PATH", "HOME", "TMPDIR", "TZ", "NODE_COMPILE_CACHE"];

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
  /** The services that may use the event log by a role of their own. */
  const shared = new Map<string, Promise<void>>();
  return async ({ service, heapMb, addresses }) => {
    const { schema, publishes, consumes, port, scraped, otherPorts = [] } = service;
    const anyPort = [port, ...(scraped === undefined ? [] : [scraped]), ...otherPorts].map(({ variable }) => variable);
    if (publishes !== undefined || consumes !== undefined) {
      const sharing = shared.get(service.name) ?? shareEventLog(databases, [service]);
      shared.set(service.name, sharing);
      // It may be possible the next time.
      await sharing.catch((error) => {
        shared.delete(service.name);
        throw error;
      });
    }
    const { ports, ended, end } = startChildProcess({
      service: service.name,
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
    return { serving: ports.then((opened) => addressOf(service, opened)), ended, end };
  };
}

function addressOf(service: ServiceDeclaration, ports: Readonly<Record<string, number>>): ServiceAddress {
  const at = (name: string) => (ports[name] === undefined ? undefined : `http://127.0.0.1:${ports[name]}`);
  return { origin: at(service.name) ?? "", scraped: at(scrapedPort(service)) };
}
