import type { DescService } from "@bufbuild/protobuf";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { attribute, event } from "../../../gen/telemetry/registry.ts";
import { choice, port as portSetting } from "../config/environment.ts";
import { forwardHttp } from "../http/forward.ts";
import { client } from "../rpc/client.ts";
import { httpJsonHandler } from "../rpc/http-json-handler.ts";
import { LocalServices } from "../rpc/local-services.ts";
import { openPort, type Port } from "../rpc/port.ts";
import { type HttpHandler, isRpcPath, rpcHandler } from "../rpc/rpc-handler.ts";
import { type OutsideContext, tracedHttp, tracedRpcProxy } from "../telemetry/http.ts";
import { observeReadiness, observeRuntime } from "../telemetry/runtime-metrics.ts";
import { noTelemetry, type ServiceIdentity, type TelemetryHost, theProcess } from "../telemetry/telemetry.ts";
import { movable, SwitchableHttp } from "./moving.ts";
import type { Operations } from "./operations.ts";
import { operationsElsewhere } from "./operations-elsewhere.ts";
import { OwnProcess, type ServiceChild } from "./own-process.ts";
import { ownProcessFlags, wantsOwnProcess } from "./own-process-flags.ts";
import { Readiness } from "./readiness.ts";
import type { RunningService, ServiceDeclaration } from "./service.ts";
import { type ContextOptions, ServiceContexts } from "./service-contexts.ts";
import { type DirectoryOptions, ServiceDirectory } from "./service-directory.ts";
import { ShopOperations } from "./shop-operations.ts";
import { toldSettings } from "./told-settings.ts";

export interface ProcessOptions extends DirectoryOptions, Omit<ContextOptions, "operations"> {
  /** Settings that the environment alone does not tell: see {@link toldSettings}. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Nothing is recorded without it. */
  readonly telemetry?: TelemetryHost;
  /** Address that ports are bound to. */
  readonly host: string;
  /** Which port a service listens on; undefined for none of its own. */
  readonly portOf: (service: ServiceDeclaration) => number | undefined;
  readonly isAllowedOrigin: (origin: string) => boolean;
  /** How services are reached by HTTP whose place the environment does not know, by name. */
  readonly elsewhere?: ReadonlyMap<string, HttpHandler>;
  /**
   * Starts a service as a process of its own, for as long as a flag is on that needs it, or it has replicas; without
   * this, whatever a fault does to a process it does to this one.
   */
  readonly startChild?: (child: ChildOptions) => Promise<ServiceChild>;
}

export interface ChildOptions {
  readonly service: ServiceDeclaration;
  readonly heapMb: number;
  /** Where the services are that it calls, by their variables. */
  readonly addresses: Readonly<Record<string, string>>;
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

/** The name under which a process tells of the port of a service's page for Prometheus. */
export function scrapedPort({ name }: ServiceDeclaration): string {
  return `${name} (Prometheus)`;
}

/** Of a service whose flags ask for no more. */
const leastHeapMb = 96;

/** The shop is one with what has its port, its flags and its telemetry. */
function canMove(declaration: ServiceDeclaration): boolean {
  return !isFront(declaration) && !declaration.isUntraced;
}

/** The one service that requests from outside come to. */
function isFront({ name }: ServiceDeclaration): boolean {
  return name === "frontend-proxy";
}

class ProcessUnderWay implements RunningProcess {
  readonly ports = new Map<string, Port>();
  readonly #options: ProcessOptions;
  readonly #host: TelemetryHost;
  readonly #local = new LocalServices();
  readonly #services = new Map<string, RunningService>();
  readonly #http = new Map<string, SwitchableHttp>();
  readonly #ownProcesses = new Map<string, OwnProcess>();
  readonly #operations: ShopOperations;
  #callsOfChildren: Promise<Port> | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #directory: ServiceDirectory;
  readonly #contexts: ServiceContexts;
  readonly #readiness: Readiness;
  #stopped: Promise<void> | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#host = options.telemetry ?? noTelemetry;
    this.#directory = new ServiceDirectory(options, this.#local);
    this.#operations = new ShopOperations({
      processes: this.#ownProcesses,
      told: (service, what) => this.#tell(this.#directory.declaration(service), what),
    });
    const operations: Operations =
      options.startChild === undefined ? operationsElsewhere(options.environment) : this.#operations;
    this.#contexts = new ServiceContexts(
      { ...options, hasOwnProcesses: options.startChild !== undefined, operations },
      {
        directory: this.#directory,
        http: { handler: (name) => this.#httpTo(this.#directory.declaration(name)) },
        host: this.#host,
      },
    );
    this.#readiness = new Readiness(this.#services, options.log);
  }

  async start(): Promise<void> {
    const declarations = this.#declarations();
    await Promise.all(declarations.map((declaration) => this.#startService(declaration)));
    for (const declaration of declarations) await this.#openPort(declaration);
    for (const service of this.#services.values()) for (const worker of service.workers ?? []) worker.start();
    for (const declaration of declarations) this.#tell(declaration, "started");
    if (this.#host.isOn) this.#observe(declarations);
    await this.#readiness.begin();
    this.#beginToMove();
  }

  /** For the charts and the list of deployments. */
  #tell(declaration: ServiceDeclaration, what: "stopping" | "started"): void {
    const log = this.#options.log.child({ service: declaration.name });
    if (what === "stopping") {
      log.info({ event: event.processStop }, "Stopping");
      return;
    }
    const settings = toldSettings(declaration, { ...this.#options, given: this.#givenSettings(declaration) });
    log.info({ event: event.processStart, [attribute.demoProcessSettings]: settings }, "Started");
  }

  #observe(declarations: readonly ServiceDeclaration[]): void {
    observeRuntime(this.#host.forService(this.#identity(declarations)));
    for (const declaration of declarations) {
      observeReadiness(this.#host.forService(declaration), () => this.#readiness.told(declaration.name));
    }
  }

  /** A process with one service only is that service. */
  #identity([first, ...others]: readonly ServiceDeclaration[]): ServiceIdentity {
    return first === undefined || others.length > 0 ? theProcess : first;
  }

  isReady(service?: string): boolean {
    return this.#readiness.isReady(service);
  }

  client<S extends DescService>(service: S) {
    return client(service, this.#directory.transportTo(this.#directory.ownerOf(service)));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#readiness.end();
    for (const name of this.#services.keys()) this.#tell(this.#directory.declaration(name), "stopping");
    for (const service of this.#services.values()) service.endStreams?.();
    this.#unsubscribe?.();
    await Promise.all([...this.ports.values()].map((port) => port.drain(drainMs)));
    await Promise.all([...this.#ownProcesses.values()].map((own) => own.stop()));
    await (await this.#callsOfChildren)?.drain(0);
    const services = [...this.#services.values()];
    await Promise.all(services.flatMap((service) => (service.workers ?? []).map((worker) => worker.stop())));
    await Promise.all(services.map((service) => service.stop?.()));
    await this.#contexts.close();
    await this.#host.stop();
  }

  /** The services of this process. */
  #declarations(): readonly ServiceDeclaration[] {
    return this.#options.run.map((name) => this.#directory.declaration(name));
  }

  #givenSettings(declaration: ServiceDeclaration): Readonly<Record<string, string>> {
    const { host, portOf, settings } = this.#options;
    const port = portOf(declaration);
    return {
      "--host": host,
      ...settings,
      ...(port === undefined ? {} : { [declaration.port.variable]: String(port) }),
    };
  }

  async #startService(declaration: ServiceDeclaration): Promise<void> {
    const log = this.#options.log.child({ service: declaration.name });
    const telemetry = this.#host.forService(declaration);
    const isTraced = this.#host.isOn && !declaration.isUntraced;
    const { start } = await declaration.load();
    const service = await start(this.#contexts.of(declaration, { log, telemetry }));
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

  #httpTo(owner: ServiceDeclaration): HttpHandler {
    const given = this.#options.elsewhere?.get(owner.name);
    if (given !== undefined) return given;
    if (!this.#directory.isHere(owner)) {
      const at = this.#directory.addressOf(owner);
      return forwardHttp(at.kind === "rpc" ? at.origins : [at.origin]);
    }
    let answer: HttpHandler | undefined;
    return (request, response) => {
      answer ??= this.#answering(owner, this.#rpcOf(owner));
      answer(request, response);
    };
  }

  /** What a service's port answers: RPC, its methods in plain JSON, and what the service answers by itself. */
  #answering(declaration: ServiceDeclaration, rpc: HttpHandler): HttpHandler {
    const json = declaration.httpJson === undefined ? undefined : httpJsonHandler(declaration.httpJson, this.#local);
    const http = this.#httpOf(declaration);
    return (request, response) => {
      const path = request.url ?? "/";
      if (isRpcPath(path)) return rpc(request, response);
      if (json?.(request, response) === true) return;
      http.handler(request, response);
    };
  }

  #rpcOf(declaration: ServiceDeclaration): HttpHandler {
    const { isAllowedOrigin, declarations } = this.#options;
    return rpcHandler({
      services: isFront(declaration) ? this.#servicesBehindFront() : this.#local.only(declaration.rpc),
      contract: [...declarations.flatMap(({ rpc }) => rpc), ...platformServices],
      isAllowedOrigin,
      health: this.#readiness.healthOf(isFront(declaration) ? this.#declarations() : [declaration]),
    });
  }

  #httpOf(declaration: ServiceDeclaration): SwitchableHttp {
    return this.#switchable("http", declaration);
  }

  #scrapedOf(declaration: ServiceDeclaration): SwitchableHttp {
    return this.#switchable("scraped", declaration);
  }

  #switchable(part: "http" | "scraped", { name }: ServiceDeclaration): SwitchableHttp {
    const key = `${name} ${part}`;
    const known = this.#http.get(key) ?? new SwitchableHttp(() => this.#services.get(name)?.[part]);
    this.#http.set(key, known);
    return known;
  }

  async #openPort(declaration: ServiceDeclaration): Promise<void> {
    const { host, portOf } = this.#options;
    const port = portOf(declaration);
    const service = this.#services.get(declaration.name);
    if (port === undefined || service === undefined) return;
    const rpc = this.#rpcOf(declaration);
    if (declaration.scraped !== undefined) {
      const { variable, fallback } = declaration.scraped;
      const own = portSetting(this.#options.environment, variable, fallback);
      const { handler } = this.#scrapedOf(declaration);
      this.ports.set(scrapedPort(declaration), await openPort({ host, port: own, handler }));
    }
    // At the front port a call passes the proxy first; its handler for plain HTTP sees to that by itself.
    const proxied =
      isFront(declaration) && this.#host.isOn
        ? tracedRpcProxy(rpc, this.#host.forService(declaration), this.#httpTelemetry(declaration, service))
        : rpc;
    const handler = this.#answering(declaration, proxied);
    this.ports.set(declaration.name, await openPort({ host, port, handler }));
    for (const { name, variable, fallback } of declaration.otherPorts ?? []) {
      const other = portSetting(this.#options.environment, variable, fallback);
      this.ports.set(`${declaration.name} (${name})`, await openPort({ host, port: other, handler }));
    }
  }

  /** From now on services have processes of their own while their flags say so, or while they have replicas. */
  #beginToMove(): void {
    const { flags, startChild, log } = this.#options;
    if (startChild === undefined) return;
    for (const declaration of this.#declarations()) {
      if (!canMove(declaration)) continue;
      const { name } = declaration;
      const heaps = ownProcessFlags(declaration).map(({ heapMb }) => heapMb);
      const own = new OwnProcess({
        service: movable(declaration, {
          local: this.#local,
          services: this.#services,
          http: this.#httpOf(declaration),
          scraped: this.#scrapedOf(declaration),
          isServing: () => own.isServing,
          start: () => this.#startService(declaration),
          closing: () => this.#contexts.closing(name),
        }),
        wanted: () => {
          const isForFlags =
            flags !== undefined &&
            heaps.length > 0 &&
            // Where nobody shall know when a flag is set, a service does not move then: it is away all the time.
            (flags.names.areOpaque || wantsOwnProcess(declaration, flags.set));
          return Math.max(isForFlags ? 1 : 0, this.#operations.replicasOf(name));
        },
        start: async () =>
          startChild({
            service: declaration,
            heapMb: Math.max(leastHeapMb, ...heaps),
            addresses: await this.#addressesFor(declaration),
          }),
        log: log.child({ service: name }),
      });
      this.#ownProcesses.set(name, own);
    }
    if (flags === undefined) return;
    const check = () => {
      for (const own of this.#ownProcesses.values()) own.check();
    };
    this.#unsubscribe = flags.set.onChange(check);
    check();
  }

  /** Where a child finds what it calls: a port of this process, open to this machine alone. */
  async #addressesFor({ calls }: ServiceDeclaration): Promise<Readonly<Record<string, string>>> {
    if (calls.length === 0) return {};
    const { declarations, isAllowedOrigin } = this.#options;
    this.#callsOfChildren ??= openPort({
      host: "127.0.0.1",
      port: 0,
      handler: rpcHandler({
        services: this.#local.only(this.#local.services()),
        contract: declarations.flatMap(({ rpc }) => rpc),
        isAllowedOrigin,
        health: this.#readiness.healthOf(this.#declarations()),
      }),
    });
    const { port } = await this.#callsOfChildren;
    const variables = calls.flatMap((name) => this.#directory.declaration(name).address ?? []);
    return Object.fromEntries(variables.map((variable) => [variable, `127.0.0.1:${port}`]));
  }

  /** All services: those of this process, and the others by calling them. */
  #servicesBehindFront(): LocalServices {
    const all = this.#local.only(this.#local.services());
    for (const declaration of this.#options.declarations) {
      if (!this.#directory.isHere(declaration)) {
        for (const service of declaration.rpc) all.forward(service, this.#directory.transportTo(declaration));
      }
      for (const method of declaration.internal ?? []) all.refuse(method);
    }
    return all;
  }
}
