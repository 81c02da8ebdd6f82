import { choice, type Environment, text } from "../config/environment.ts";
import { plainNames } from "../flags/flag-names.ts";
import type { FlagSource } from "../flags/flag-source.ts";
import { noFlags, serviceFlags } from "../flags/service-flags.ts";
import type { Logger } from "../logging/logger.ts";
import { client } from "../rpc/client.ts";
import { type Database, openDatabase } from "../sql/database.ts";
import { tracedEventLog } from "../telemetry/events.ts";
import { flagObservation } from "../telemetry/flags.ts";
import { tracedTransport } from "../telemetry/rpc.ts";
import { tracedDatabase } from "../telemetry/sql.ts";
import type { Telemetry, TelemetryHost } from "../telemetry/telemetry.ts";
import type { Databases } from "./databases.ts";
import { type NamedEventLog, openEventLog } from "./event-logs.ts";
import type { Operations } from "./operations.ts";
import { ownProcessFlags } from "./own-process-flags.ts";
import type { HttpDirectory, ServiceContext, ServiceDeclaration } from "./service.ts";
import type { ServiceDirectory } from "./service-directory.ts";

export interface ContextOptions {
  readonly environment: Environment;
  readonly databases: Databases;
  readonly secret: Buffer;
  readonly log: Logger;
  /** Where flags come from; without it all are at rest. */
  readonly flags?: FlagSource;
  /** Whether services run as processes of their own while a flag is on that needs it. */
  readonly hasOwnProcesses?: boolean;
  /** What can be done to services. */
  readonly operations: Operations;
  /** Aborted when the process is to stop, be it before it has started. */
  readonly stopping?: AbortSignal;
  /** Where people see the Observatory, unless PUBLIC_OBSERVATORY_URL says otherwise. */
  readonly observatoryUrl?: string;
  /** Where browsers send their traces unless PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says otherwise. */
  readonly browserTelemetryUrl?: string;
}

/** What is there beside the options, for each context the same. */
interface Surroundings {
  readonly directory: ServiceDirectory;
  readonly http: HttpDirectory;
  readonly host: TelemetryHost;
}

/** Makes what services are handed, and closes what they have opened by it. */
export class ServiceContexts {
  readonly #options: ContextOptions;
  readonly #around: Surroundings;
  /** By the service that has opened them. */
  readonly #databases = new Map<string, Database[]>();
  /** One for all services of the process. */
  #events: Promise<NamedEventLog> | undefined;

  constructor(options: ContextOptions, around: Surroundings) {
    this.#options = options;
    this.#around = around;
  }

  /** The context of one service, which can do what its declaration says and nothing else. */
  of(
    declaration: ServiceDeclaration,
    { log, telemetry }: { readonly log: Logger; readonly telemetry: Telemetry },
  ): ServiceContext {
    const { environment, secret, observatoryUrl, browserTelemetryUrl } = this.#options;
    const { directory, http, host } = this.#around;
    const { set = noFlags, file, names = plainNames } = this.#options.flags ?? {};
    return {
      log,
      telemetry,
      environment,
      secret,
      http,
      operations: this.#options.operations,
      observatoryUrl: text(environment, "PUBLIC_OBSERVATORY_URL") ?? observatoryUrl,
      declarations: directory.declarations,
      flags: serviceFlags({
        set,
        ...(this.#options.hasOwnProcesses
          ? { withheld: new Set(ownProcessFlags(declaration).map(({ key }) => key)) }
          : {}),
        declared: new Set([...(declaration.flags ?? []).map(({ key }) => key), ...(declaration.readsFlags ?? [])]),
        service: declaration.name,
        ...flagObservation(environment, host.isOn && !names.areOpaque ? telemetry : undefined),
      }),
      flagFile: file,
      flagNames: names,
      browserTelemetryUrl: text(environment, "PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? browserTelemetryUrl,
      client: (service, policy, at) => {
        const owner = directory.ownerOf(service);
        if (!declaration.calls.includes(owner.name)) {
          throw new Error(`${declaration.name} calls ${owner.name} without declaring it`);
        }
        const transport = at === undefined ? directory.transportTo(owner) : directory.transportAt(at.origin);
        const server = { name: at?.name ?? owner.name, isLocal: at === undefined && directory.isHere(owner) };
        return client(service, host.isOn ? tracedTransport(transport, server, telemetry) : transport, policy);
      },
      database: async ({ migrations, poolSize }) => {
        const { schema, name: applicationName } = declaration;
        if (schema === undefined) throw new Error(`${applicationName} stores data without declaring it`);
        const address = await this.#options.databases.addressFor(schema);
        const signal = this.#options.stopping;
        const opened = await openDatabase({ address, schema, migrations, poolSize, applicationName, log, signal });
        const database = host.isOn ? tracedDatabase(opened, `${address.database}|${schema}`, telemetry) : opened;
        this.#databases.set(applicationName, [...(this.#databases.get(applicationName) ?? []), database]);
        return database;
      },
      events: async () => {
        if (declaration.publishes === undefined && declaration.consumes === undefined) {
          throw new Error(`${declaration.name} uses events without declaring it`);
        }
        this.#events ??= openEventLog({ ...this.#options, clientId: directory.here.join("_") });
        const { log: events, system } = await this.#events;
        if (!host.isOn) return events;
        const continueTraces =
          choice(environment, "ORRERY_CONSUMER_TRACES", { fallback: "continue", of: ["continue", "link"] }) ===
          "continue";
        return tracedEventLog(events, { telemetry, system, continueTraces });
      },
    };
  }

  /** What closes the databases that a service has opened so far. */
  closing(service: string): () => Promise<void> {
    const databases = this.#databases.get(service) ?? [];
    this.#databases.delete(service);
    return async () => {
      await Promise.all(databases.map((database) => database.close()));
    };
  }

  /** Closes the event log and every database. */
  async close(): Promise<void> {
    const events = await this.#events?.catch(() => undefined);
    await events?.log.close();
    await Promise.all([...this.#databases.keys()].map((service) => this.closing(service)()));
  }
}
