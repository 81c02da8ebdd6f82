import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Environment } from "../config/environment.ts";
import type { EventLog } from "../events/event-log.ts";
import type { FlagDeclaration } from "../flags/flag.ts";
import type { FlagFile } from "../flags/flag-file.ts";
import type { FlagNames } from "../flags/flag-names.ts";
import type { ServiceFlags } from "../flags/service-flags.ts";
import type { Logger } from "../logging/logger.ts";
import type { ClientPolicy } from "../rpc/client.ts";
import type { HttpJsonMethod } from "../rpc/http-json.ts";
import type { HttpHandler } from "../rpc/rpc-handler.ts";
import type { ServerLimits } from "../rpc/serve-method.ts";
import type { Route } from "../rpc/service-routes.ts";
import type { Database } from "../sql/database.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Operations } from "./operations.ts";

/** An environment variable that a service reads, as it is documented and as telemetry tells it. */
export interface Setting {
  readonly name: string;
  readonly meaning: string;
  readonly fallback?: string;
  /** Its value is told to nobody. */
  readonly isSecret?: true;
}

/**
 * All that others need to know of a service: what starts, renders and documents the system reads it, so it imports
 * nothing heavy.
 */
export interface ServiceDeclaration {
  /** `product-catalog`: the name on the network, in telemetry and of the folder. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly criticality: "critical" | "high" | "medium" | "low";
  /** The port that it listens on, and the variable that sets it. */
  readonly port: { readonly variable: string; readonly fallback: number };
  /** Further ports that answer as that one does, and are opened when that one is. */
  readonly otherPorts?: readonly { readonly name: string; readonly variable: string; readonly fallback: number }[];
  /** The port of its page for Prometheus, opened when its own port is. */
  readonly scraped?: { readonly variable: string; readonly fallback: number };
  /** The variable by which others find it. */
  readonly address?: string;
  /** Its RPC services. */
  readonly rpc: readonly DescService[];
  /** Methods for the other services only: the front port refuses them. */
  readonly internal?: readonly DescMethodUnary[];
  /** What it also speaks in plain JSON over HTTP. */
  readonly httpJson?: readonly HttpJsonMethod[];
  /** The services that it calls, by name. */
  readonly calls: readonly string[];
  /** The topics that it publishes to and consumes, the latter in a group of its own name. */
  readonly publishes?: readonly string[];
  readonly consumes?: readonly string[];
  /** Its schema in PostgreSQL, owned by a role of the same name, if it stores anything. */
  readonly schema?: string;
  readonly settings?: readonly Setting[];
  /** What it may use as a process of its own, in MiB, if that is more than most need. */
  readonly memoryMb?: number;
  readonly limits?: Partial<ServerLimits>;
  /** The flags that act in it. */
  readonly flags?: readonly FlagDeclaration[];
  /** The keys of flags of other services that it reads, too. */
  readonly readsFlags?: readonly string[];
  /** Runs only where somebody asks for it: nobody misses it where it is not. */
  readonly isOptional?: true;
  /** Leaves no telemetry of its calls and requests: it would watch itself watching. */
  readonly isUntraced?: true;
  readonly load: () => Promise<{ readonly start: StartService }>;
}

/** Checks a declaration's type without widening it. */
export function declareService<const T extends ServiceDeclaration>(declaration: T): T {
  return declaration;
}

/** Where a service is called, by its origin, and what telemetry calls that. */
export interface Place {
  readonly name: string;
  /** `http://host:port` */
  readonly origin: string;
}

/** What the platform hands a service. */
export interface ServiceContext {
  readonly log: Logger;
  /** OpenTelemetry's API with this service's resource behind it. */
  readonly telemetry: Telemetry;
  readonly environment: Environment;
  /** Where browsers send their traces, as a path of the front port or a URL; undefined when nobody takes them. */
  readonly browserTelemetryUrl: string | undefined;
  /** Where people see the Observatory, as a path of the front port; undefined when there is none. */
  readonly observatoryUrl: string | undefined;
  /** A secret of this installation, for keyed hashes; the same in all processes that share it. */
  readonly secret: Buffer;
  /** Every service of the system. */
  readonly declarations: readonly ServiceDeclaration[];
  /** The flags that the declaration lists. */
  readonly flags: ServiceFlags;
  /** The file of flags, for those who hand them out or change them; undefined where flagd has it. */
  readonly flagFile: FlagFile | undefined;
  /** What flags are called in that file, and by all who ask for them from outside. */
  readonly flagNames: FlagNames;
  /**
   * A client of a service that the declaration lists under `calls`, wherever that runs.
   *
   * @param at another place to look for it than where it is; for faults
   */
  client<S extends DescService>(service: S, policy?: Partial<ClientPolicy>, at?: Place): Client<S>;
  /** The service's own schema, brought up to date by the SQL files of `migrations`. */
  database(options: { readonly migrations: URL; readonly poolSize: number }): Promise<Database>;
  /** What can be done to services; for those that operate the system. */
  readonly operations: Operations;
  /** The event log, for services that publish or consume. */
  events(): Promise<EventLog>;
  /** How a service of this installation answers HTTP beside RPC; for the front proxy only. */
  readonly http: HttpDirectory;
}

/** Finds what answers plain HTTP for a service, in this process or over the network. */
export interface HttpDirectory {
  handler(service: string): HttpHandler;
}

/** A service that has started. */
export interface RunningService {
  readonly routes?: readonly Route[];
  /** Answers what is not RPC on the service's port. */
  readonly http?: HttpHandler;
  /** Its page for Prometheus, on the port that it declares for that. */
  readonly scraped?: HttpHandler;
  /** Requests by URL that leave no telemetry. */
  isUntraced?(url: string): boolean;
  /** Background work; starts when everything is up. */
  readonly workers?: readonly Worker[];
  /** Whether its hard dependencies are there; asked every second. */
  isReady?(): boolean | Promise<boolean>;
  /** Ends streams that would never end by themselves; a stop begins with it. */
  endStreams?(): void;
  stop?(): Promise<void>;
}

/** Work that goes on beside requests. */
export interface Worker {
  start(): void;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

export type StartService = (context: ServiceContext) => Promise<RunningService>;
