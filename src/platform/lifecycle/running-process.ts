import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { event } from "../../../gen/telemetry/registry.ts";
import { address, ConfigError, choice, type Environment, text } from "../config/environment.ts";
import { forwardHttp } from "../http/forward.ts";
import { sendProblem } from "../http/problem.ts";
import type { Logger } from "../logging/logger.ts";
import { client } from "../rpc/client.ts";
import { httpJsonTransport } from "../rpc/http-json.ts";
import { httpJsonHandler } from "../rpc/http-json-handler.ts";
import { LocalServices, localTransport } from "../rpc/local-services.ts";
import { openPort, type Port } from "../rpc/port.ts";
import { remoteTransport } from "../rpc/remote-transport.ts";
import { type HttpHandler, isRpcPath, rpcHandler } from "../rpc/rpc-handler.ts";
import { openDatabase } from "../sql/database.ts";
import { tracedEventLog } from "../telemetry/events.ts";
import { type OutsideContext, tracedHttp, tracedRpcProxy } from "../telemetry/http.ts";
import { tracedTransport } from "../telemetry/rpc.ts";
import { observeRuntime } from "../telemetry/runtime-metrics.ts";
import { tracedSql } from "../telemetry/sql.ts";
import { noTelemetry, type Telemetry, type TelemetryHost } from "../telemetry/telemetry.ts";
import type { Databases } from "./databases.ts";
import { type NamedEventLog, openEventLog } from "./event-logs.ts";
import type { RunningService, ServiceContext, ServiceDeclaration } from "./service.ts";

export interface ProcessOptions {
  /** Every service of the system. */
  readonly declarations: readonly ServiceDeclaration[];
  /** The names of those that run in this process. */
  readonly run: readonly string[];
  readonly environment: Environment;
  readonly databases: Databases;
  readonly secret: Buffer;
  readonly log: Logger;
  /** Where people see the Observatory. */
  readonly observatoryUrl?: string;
  /** Where browsers send their traces unless PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says otherwise. */
  readonly browserTelemetryUrl?: string;
  /** Nothing is recorded without it. */
  readonly telemetry?: TelemetryHost;
  /** Address that ports are bound to. */
  readonly host: string;
  /** Which port a service listens on; undefined for none of its own. */
  readonly portOf: (service: ServiceDeclaration) => number | undefined;
  readonly isAllowedOrigin: (origin: string) => boolean;
  /** Puts something around every outgoing call, under deadlines and retries. */
  readonly aroundCalls?: (transport: Transport) => Transport;
}

export interface RunningProcess {
  /** The ports that are open, by service. */
  readonly ports: ReadonlyMap<string, Port>;
  /** Whether a service, or everything when no name is given, is ready. */
  isReady(service?: string): boolean;
  /** Calls a service as another service would. */
  client<S extends DescService>(service: S): ReturnType<typeof client<S>>;
  /** Takes no more work, finishes what is under way, then stops workers and connections. */
  stop(): Promise<void>;
}

/** What every port serves beside the services themselves. */
const platformServices: readonly DescService[] = [Health, ServerReflection];

const readinessIntervalMs = 1_000;
/** Work under way at a stop has this long; together with the rest of the way down it stays under ten seconds. */
const drainMs = 6_000;

/** Starts services in one process: they call each other directly, and everything else over the network. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const running = new ProcessUnderWay(options);
  try {
    await running.start();
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

/** The one service that requests from outside come to. */
function isFront({ name }: ServiceDeclaration): boolean {
  return name === "frontend-proxy";
}

class ProcessUnderWay implements RunningProcess {
  readonly ports = new Map<string, Port>();
  readonly #options: ProcessOptions;
  readonly #local = new LocalServices();
  readonly #services = new Map<string, RunningService>();
  readonly #ready = new Map<string, boolean>();
  readonly #transports = new Map<string, Transport>();
  readonly #closers: (() => Promise<void>)[] = [];
  #events: Promise<NamedEventLog> | undefined;
  #isDraining = false;
  #readinessTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { run } = this.#options;
    const declarations = run.map((name) => this.#declaration(name));
    await Promise.all(declarations.map((declaration) => this.#startService(declaration)));
    for (const declaration of declarations) await this.#openPort(declaration);
    for (const service of this.#services.values()) for (const worker of service.workers ?? []) worker.start();
    for (const { name } of declarations) {
      this.#options.log.child({ service: name }).info({ event: event.processStart }, "Started");
    }
    if (this.#host.isOn) observeRuntime(this.#host.forService({ name: "orrery" }));
    await this.#updateReadiness();
    this.#scheduleReadiness();
  }

  isReady(service?: string): boolean {
    if (this.#isDraining) return false;
    if (service !== undefined) return this.#ready.get(service) ?? false;
    return [...this.#ready.values()].every((ready) => ready);
  }

  client<S extends DescService>(service: S) {
    return client(service, this.#transportTo(this.#ownerOf(service)));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isDraining = true;
    clearTimeout(this.#readinessTimer);
    for (const name of this.#services.keys()) {
      this.#options.log.child({ service: name }).info({ event: event.processStop }, "Stopping");
    }
    await Promise.all([...this.ports.values()].map((port) => port.drain(drainMs)));
    const services = [...this.#services.values()];
    await Promise.all(services.flatMap((service) => (service.workers ?? []).map((worker) => worker.stop())));
    await Promise.all(services.map((service) => service.stop?.()));
    const events = await this.#events?.catch(() => undefined);
    await events?.log.close();
    await Promise.all(this.#closers.map((close) => close()));
    await this.#host.stop();
  }

  #declaration(name: string): ServiceDeclaration {
    const found = this.#options.declarations.find((declaration) => declaration.name === name);
    if (found !== undefined) return found;
    const names = this.#options.declarations.map((declaration) => declaration.name).join(", ");
    throw new ConfigError(`There is no service ${JSON.stringify(name)}; there are ${names}.`);
  }

  #ownerOf(service: DescService): ServiceDeclaration {
    const owner = this.#options.declarations.find(({ rpc }) => rpc.includes(service));
    if (owner === undefined) throw new Error(`No service declares ${service.typeName}`);
    return owner;
  }

  async #startService(declaration: ServiceDeclaration): Promise<void> {
    const log = this.#options.log.child({ service: declaration.name });
    const telemetry = this.#host.forService(declaration);
    const isTraced = this.#host.isOn && !declaration.isUntraced;
    const { start } = await declaration.load();
    const service = await start(this.#context(declaration, log, telemetry));
    this.#services.set(declaration.name, {
      ...service,
      ...(service.http === undefined || !isTraced
        ? {}
        : {
            http: tracedHttp(service.http, telemetry, this.#httpTelemetry(declaration, service)),
          }),
    });
    for (const route of service.routes ?? []) {
      this.#local.add(route, {
        log,
        ...(declaration.limits === undefined ? {} : { limits: declaration.limits }),
        ...(isTraced ? { telemetry } : {}),
      });
    }
  }

  #httpTelemetry(declaration: ServiceDeclaration, { isUntraced }: RunningService) {
    return {
      outside: isFront(declaration) ? this.#outsideContext() : ("continue" as const),
      ...(isUntraced === undefined ? {} : { isUntraced }),
    };
  }

  #outsideContext(): OutsideContext {
    const of = ["continue", "link"] as const;
    return choice(this.#options.environment, "ORRERY_TRACE_CONTEXT", { fallback: "continue", of });
  }

  get #host(): TelemetryHost {
    return this.#options.telemetry ?? noTelemetry;
  }

  #context(declaration: ServiceDeclaration, log: Logger, telemetry: Telemetry): ServiceContext {
    const { environment, secret, databases } = this.#options;
    return {
      log,
      telemetry,
      observatoryUrl: this.#options.observatoryUrl,
      browserTelemetryUrl:
        text(environment, "PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? this.#options.browserTelemetryUrl,
      environment,
      secret,
      client: (service, policy) => {
        const owner = this.#ownerOf(service);
        if (!declaration.calls.includes(owner.name)) {
          throw new Error(`${declaration.name} calls ${owner.name} without declaring it`);
        }
        const transport = this.#transportTo(owner);
        return client(service, this.#host.isOn ? tracedTransport(transport, owner.name, telemetry) : transport, policy);
      },
      database: async ({ migrations, poolSize }) => {
        const { schema } = declaration;
        if (schema === undefined) throw new Error(`${declaration.name} stores data without declaring it`);
        const address = await databases.addressFor(schema);
        const database = await openDatabase({
          address,
          schema,
          migrations,
          poolSize,
          applicationName: declaration.name,
          log,
        });
        this.#closers.push(() => database.close());
        if (!this.#host.isOn) return database;
        return { ...database, sql: tracedSql(database.sql, `${address.database}|${schema}`, telemetry) };
      },
      events: async () => {
        if (declaration.publishes === undefined && declaration.consumes === undefined) {
          throw new Error(`${declaration.name} uses events without declaring it`);
        }
        this.#events ??= openEventLog({ ...this.#options, clientId: this.#options.run.join("_") });
        const { log: events, system } = await this.#events;
        if (!this.#host.isOn) return events;
        const continueTraces =
          choice(environment, "ORRERY_CONSUMER_TRACES", { fallback: "continue", of: ["continue", "link"] }) ===
          "continue";
        return tracedEventLog(events, { telemetry, system, continueTraces });
      },
      http: { handler: (name) => this.#httpTo(this.#declaration(name)) },
    };
  }

  #transportTo(owner: ServiceDeclaration): Transport {
    let transport = this.#transports.get(owner.name);
    if (transport === undefined) {
      transport = this.#makeTransport(owner);
      transport = this.#options.aroundCalls?.(transport) ?? transport;
      this.#transports.set(owner.name, transport);
    }
    return transport;
  }

  #makeTransport(owner: ServiceDeclaration): Transport {
    if (this.#options.run.includes(owner.name)) return localTransport(this.#local);
    const at = this.#addressOf(owner);
    if (at.kind === "rpc") return remoteTransport(at.origin);
    if (owner.httpJson === undefined) {
      throw new ConfigError(
        `${owner.address}=${at.origin} is a URL, but ${owner.name} speaks RPC only: give host:port.`,
      );
    }
    const [service] = owner.rpc;
    if (service === undefined) throw new Error(`${owner.name} declares no RPC service`);
    return httpJsonTransport(service, at.origin, owner.httpJson);
  }

  #addressOf(owner: ServiceDeclaration) {
    const given = owner.address === undefined ? undefined : address(this.#options.environment, owner.address);
    return given ?? { kind: "rpc" as const, origin: `http://localhost:${owner.port.fallback}` };
  }

  #httpTo(owner: ServiceDeclaration): HttpHandler {
    if (!this.#options.run.includes(owner.name)) return forwardHttp(this.#addressOf(owner).origin);
    return (request, response) => {
      const handler = this.#httpHandler(owner);
      if (handler === undefined) return sendProblem(response, { status: 404, title: "Not found" });
      handler(request, response);
    };
  }

  #httpHandler(declaration: ServiceDeclaration): HttpHandler | undefined {
    return this.#services.get(declaration.name)?.http;
  }

  async #openPort(declaration: ServiceDeclaration): Promise<void> {
    const { host, portOf, isAllowedOrigin, declarations } = this.#options;
    const port = portOf(declaration);
    const service = this.#services.get(declaration.name);
    if (port === undefined || service === undefined) return;
    const rpc = rpcHandler({
      services: isFront(declaration) ? this.#servicesBehindFront() : this.#local.only(declaration.rpc),
      contract: [...declarations.flatMap(({ rpc }) => rpc), ...platformServices],
      isAllowedOrigin,
      health: { status: (name) => this.#healthOf(name, isFront(declaration) ? undefined : declaration) },
    });
    if (service.scraped !== undefined) {
      this.ports.set(`${declaration.name} (Prometheus)`, await openPort({ host, ...service.scraped }));
    }
    // At the front port a call passes the proxy first; its handler for plain HTTP sees to that by itself.
    const proxied =
      isFront(declaration) && this.#host.isOn
        ? tracedRpcProxy(rpc, this.#host.forService(declaration), this.#httpTelemetry(declaration, service))
        : rpc;
    const json = declaration.httpJson === undefined ? undefined : httpJsonHandler(declaration.httpJson, this.#local);
    const http = this.#httpHandler(declaration);
    this.ports.set(
      declaration.name,
      await openPort({
        host,
        port,
        handler(request, response) {
          const path = request.url ?? "/";
          if (isRpcPath(path)) return proxied(request, response);
          if (json?.(request, response) === true) return;
          if (http !== undefined) return http(request, response);
          sendProblem(response, { status: 404, title: "Not found" });
        },
      }),
    );
  }

  /** All services: those of this process, and the others by calling them. */
  #servicesBehindFront(): LocalServices {
    const { declarations, run } = this.#options;
    const all = this.#local.only(this.#local.services());
    for (const declaration of declarations) {
      if (!run.includes(declaration.name)) {
        for (const service of declaration.rpc) all.forward(service, this.#transportTo(declaration));
      }
      for (const method of declaration.internal ?? []) all.refuse(method);
    }
    return all;
  }

  #healthOf(name: string, only: ServiceDeclaration | undefined): boolean | undefined {
    const all = only === undefined ? this.#options.run.map((run) => this.#declaration(run)) : [only];
    if (name === "liveness") return true;
    if (name === "" || name === "readiness") return all.every((declaration) => this.isReady(declaration.name));
    const owner = all.find(({ name: own, rpc }) => own === name || rpc.some(({ typeName }) => typeName === name));
    return owner === undefined ? undefined : this.isReady(owner.name);
  }

  async #updateReadiness(): Promise<void> {
    await Promise.all(
      [...this.#services].map(async ([name, service]) => {
        const before = this.#ready.get(name);
        const ready = (await service.isReady?.()) ?? true;
        this.#ready.set(name, ready);
        if (before === ready) return;
        const log = this.#options.log.child({ service: name });
        if (ready) log.info({ event: event.serviceReady }, "Ready");
        else if (before === true) {
          log.warn({ event: event.serviceNotReady }, "Not ready: something that it cannot do without does not answer");
        }
      }),
    );
  }

  #scheduleReadiness(): void {
    if (this.#isDraining) return;
    this.#readinessTimer = setTimeout(async () => {
      await this.#updateReadiness();
      this.#scheduleReadiness();
    }, readinessIntervalMs).unref();
  }
}
