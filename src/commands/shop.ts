import { randomBytes } from "node:crypto";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Transport } from "@connectrpc/connect";
import { type Observatory, startObservatory } from "../observatory/embedded.ts";
import { observatoryWeb } from "../observatory/web.ts";
import { allowedOrigins } from "../platform/config/allowed-origins.ts";
import { ConfigError, choice, type Environment, port as portSetting, text } from "../platform/config/environment.ts";
import type { FlagFile } from "../platform/flags/flag-file.ts";
import type { FlagNames } from "../platform/flags/flag-names.ts";
import type { FlagSource } from "../platform/flags/flag-source.ts";
import { sendProblem, titleOf } from "../platform/http/problem.ts";
import { type Databases, databaseName, embeddedDatabase } from "../platform/lifecycle/databases.ts";
import { type RunningProcess, startProcess } from "../platform/lifecycle/running-process.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { createLogger, type LogLevel, logLevels } from "../platform/logging/logger.ts";
import { LocalServices } from "../platform/rpc/local-services.ts";
import { openPort, type Port } from "../platform/rpc/port.ts";
import { type HttpHandler, isRpcPath, rpcHandler } from "../platform/rpc/rpc-handler.ts";
import { startEmbeddedPostgres } from "../platform/sql/embedded-postgres.ts";
import { defaultSettings } from "../platform/telemetry/default-settings.ts";
import { createServiceLogger } from "../platform/telemetry/service-logger.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import { startTelemetry } from "../platform/telemetry/telemetry-host.ts";
import { orderRetention, retentionLimits } from "../retention/order-retention.ts";
import { services } from "../services/index.ts";
import { flagSource } from "./flag-source.ts";
import { ownProcesses } from "./own-process.ts";
import { secretFromEnvironment, secretOfFolder } from "./secret.ts";
import type { Stages } from "./stages.ts";
import { shopVersion } from "./version.ts";

export interface ShopOptions {
  readonly port: number;
  readonly host: string;
  /** Where data is kept; undefined for a temporary place. */
  readonly dataDir: string | undefined;
  readonly servicePorts: boolean;
  /** What is logged unless LOG_LEVEL says otherwise. */
  readonly logLevel: LogLevel;
  /** Whether the Observatory also takes the telemetry of others, on OTLP's ports. */
  readonly otlp?: boolean;
  /** Whether the Observatory takes the telemetry of everything here. */
  readonly observatory?: boolean;
  /** Who else takes it. */
  readonly sinks?: readonly TelemetrySink[];
  /** Answers for a load generator in a process of its own, if there is one. */
  readonly load?: HttpHandler;
  /** Puts something around every call between services. */
  readonly aroundCalls?: (transport: Transport) => Transport;
}

export interface Shop {
  readonly process: RunningProcess;
  /** `http://localhost:8080` */
  readonly url: string;
  readonly databases: Databases;
  /** The ports on which the Observatory takes the telemetry of others, if it does. */
  readonly otlp?: { readonly grpc: number; readonly http: number };
  /** The file of flags; undefined where another flagd has them. */
  readonly flagFile: FlagFile | undefined;
  /** What flags are called in it. */
  readonly flagNames: FlagNames;
  /** Who takes the telemetry of everything here, if anybody does. */
  readonly sink?: TelemetrySink;
  stop(): Promise<void>;
}

/** Starts every service in this process, with a PostgreSQL server of its own. */
export async function startShop(options: ShopOptions, environment: Environment, stages: Stages): Promise<Shop> {
  const { port, host, dataDir } = options;
  const logLevel = choice(environment, "LOG_LEVEL", { fallback: options.logLevel, of: logLevels });
  const isAllowedOrigin = allowedOrigins(environment);
  for (const variable of ["VALKEY_ADDR", "KAFKA_ADDR", "DB_CONNECTION_STRING"]) {
    if (text(environment, variable) === undefined) continue;
    throw new ConfigError(
      `${variable} is set, but \`npm start\` brings its own stores; unset it, or run services with \`npm run orrery -- serve\`.`,
    );
  }
  const folder = dataDir === undefined ? undefined : await prepareFolder(resolve(dataDir));
  const given = secretFromEnvironment(environment);
  const server = await stages.run("Database", () =>
    startEmbeddedPostgres({
      dataDir: folder === undefined ? "ephemeral" : join(folder, "postgres"),
      describeOwner: port === 0 ? "a shop" : `the shop on port ${port}`,
      log: (line) => stages.line(`Database: ${line}`),
    }),
  );
  const databases = embeddedDatabase(server);
  const observatory = options.observatory
    ? await stages
        .run("Observatory", () =>
          startObservatory({
            environment,
            log: createLogger({ level: logLevel }),
            declarations: watched(services.filter(({ isOptional }) => !isOptional || options.load !== undefined)),
            ...(folder === undefined ? {} : { dataDir: join(folder, "observatory") }),
          }),
        )
        .catch(async (error) => {
          await databases.stop();
          throw error;
        })
    : undefined;
  const sinks = [...(observatory === undefined ? [] : [observatory.sink]), ...(options.sinks ?? [])];
  const run = services
    .filter(({ name, isOptional }) => !isOptional && (name !== "observatory" || observatory !== undefined))
    .map(({ name }) => name);
  const intakes: Port[] = [];
  let flags: FlagSource | undefined;
  async function stopStores(): Promise<void> {
    await flags?.close();
    await Promise.all(intakes.map((intake) => intake.drain(1_000)));
    await observatory?.stop();
    await databases.stop();
  }
  try {
    const telemetry = await startTelemetry({ environment, version: await shopVersion(), sinks });
    const secret = given ?? (folder === undefined ? randomBytes(32) : await secretOfFolder(folder));
    const log = createServiceLogger(logLevel, services, telemetry);
    const source = await flagSource({
      environment,
      handsOut: true,
      ...(folder === undefined ? {} : { ownFolder: join(folder, "flags") }),
      log,
    });
    flags = source;
    if (observatory !== undefined && options.otlp) {
      for await (const intake of openIntake(observatory, { host, environment, isAllowedOrigin, log }))
        intakes.push(intake);
    }
    const running = await stages.run(`${run.length} services`, () =>
      startProcess({
        declarations: services.map((service) =>
          service.name === "observatory" ? embedded(service, observatory) : service,
        ),
        run: run.filter(
          (name) =>
            (source.file !== undefined || !usesFlagFile.includes(name)) &&
            (observatory !== undefined || name !== "scenarios"),
        ),
        flags: source,
        ...(observatory === undefined
          ? {}
          : { browserTelemetryUrl: "/otlp-http/v1/traces", observatoryUrl: "/observatory/" }),
        environment,
        startChild: ownProcesses({ environment, databases, flags: source, secret, logLevel, sinks }),
        settings: {
          ...defaultSettings({ isEmbedded: sinks.length > 0 }),
          LOG_LEVEL: logLevel,
          "--service-ports": String(options.servicePorts),
          "--otlp": String(options.otlp ?? false),
        },
        databases,
        secret,
        log,
        telemetry,
        host,
        isAllowedOrigin,
        elsewhere: new Map([["load-generator", options.load ?? withoutLoad]]),
        portOf: (service) => {
          if (service.name === "frontend-proxy") return port;
          // The reference has the web server and the front proxy on 8080, each in a container of its own.
          if (!options.servicePorts || service.name === "frontend") return undefined;
          return portSetting(environment, service.port.variable, service.port.fallback);
        },
        ...(options.aroundCalls === undefined ? {} : { aroundCalls: options.aroundCalls }),
      }),
    );
    const retention = orderRetention({
      address: server.connection({ database: databaseName, user: "postgres" }),
      limits: retentionLimits(environment),
      log,
    });
    retention.start();
    const [grpc, http] = intakes;
    const bound = running.ports.get("frontend-proxy")?.port ?? port;
    return {
      process: running,
      url: `http://${shownHost(host)}:${bound}`,
      databases,
      flagFile: source.file,
      flagNames: source.names,
      ...(sinks.length === 0 ? {} : { sink: toAll(sinks) }),
      ...(grpc === undefined || http === undefined ? {} : { otlp: { grpc: grpc.port, http: http.port } }),
      async stop() {
        await Promise.all([running.stop(), retention.stop()]);
        await stopStores();
      },
    };
  } catch (error) {
    await stopStores();
    throw error;
  }
}

function toAll(sinks: readonly TelemetrySink[]): TelemetrySink {
  return {
    accept(signal, request) {
      for (const sink of sinks) sink.accept(signal, request);
    },
  };
}

const withoutLoad: HttpHandler = (_request, response) =>
  sendProblem(response, {
    status: 503,
    title: titleOf(503),
    detail: "This shop runs without a load generator. Start it without --no-load, or run npm run orrery -- load.",
    reason: "NO_LOAD_GENERATOR",
  });

/** They hand out or change flags, so they are not there where another flagd has them. */
const usesFlagFile: readonly string[] = ["flagd", "flagd-ui", "scenarios"];

/** The services that leave telemetry, and their calls of each other. */
function watched(all: readonly ServiceDeclaration[]): readonly ServiceDeclaration[] {
  const traced = all.filter(({ isUntraced }) => !isUntraced);
  // What controls an optional one is no part of the shop.
  const names = new Set(traced.flatMap(({ name, isOptional }) => (isOptional ? [] : [name])));
  return traced.map((service) => ({ ...service, calls: service.calls.filter((callee) => names.has(callee)) }));
}

/** The Observatory's declaration, for one that has been started before the services that it watches. */
function embedded(declaration: ServiceDeclaration, observatory: Observatory | undefined): ServiceDeclaration {
  if (observatory === undefined) return declaration;
  const { routes, workers, http } = observatory;
  return {
    ...declaration,
    load: async () => ({ start: async () => ({ routes, workers, http: await observatoryWeb(http) }) }),
  };
}

/** OTLP on the ports that exporters look for, first that for gRPC, then that for HTTP; either takes both. */
async function* openIntake(
  { otlpHttp, otlpRoutes }: Observatory,
  options: Pick<Parameters<typeof startProcess>[0], "host" | "environment" | "isAllowedOrigin" | "log">,
): AsyncIterable<Port> {
  const { host, environment, isAllowedOrigin, log } = options;
  const otlp = new LocalServices();
  for (const route of otlpRoutes) otlp.add(route, { log });
  const rpc = rpcHandler({
    services: otlp,
    contract: otlpRoutes.map(({ service }) => service),
    isAllowedOrigin,
    health: { status: (name) => (name === "" ? true : undefined) },
  });
  const handler: HttpHandler = (request, response) =>
    isRpcPath(request.url ?? "") ? rpc(request, response) : otlpHttp(request, response);
  yield openPort({ host, port: portSetting(environment, "OTLP_GRPC_PORT", 4317), handler });
  yield openPort({ host, port: portSetting(environment, "OTLP_HTTP_PORT", 4318), handler });
}

/** What git shall not see, whatever folder was chosen. */
async function prepareFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new ConfigError(`The data folder ${folder} cannot be made: ${cause.message}`, { cause });
  });
  const ignore = join(folder, ".gitignore");
  await access(ignore).catch(() => writeFile(ignore, "*\n").catch(() => {}));
  return folder;
}

function shownHost(host: string): string {
  if (host === "127.0.0.1" || host === "0.0.0.0" || host === "::" || host === "::1") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
