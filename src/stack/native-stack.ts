import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { flagNames, openOwnFile, ownFileIn } from "../commands/flag-source.ts";
import { alertmanagerFiles, alertReceivers, hasReceivers } from "../deploy/alertmanager.ts";
import { checkedAddress } from "../deploy/collector.ts";
import { observatoryInMesh } from "../deploy/observatory-in-mesh.ts";
import { prometheusFiles } from "../deploy/prometheus.ts";
import { writePrivateFiles, writeRenderedFiles } from "../deploy/write-rendered-files.ts";
import { frontendProxy } from "../edge/service.ts";
import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { observatorySettings } from "../observatory/settings.ts";
import { text } from "../platform/config/environment.ts";
import { type Databases, embeddedDatabase } from "../platform/lifecycle/databases.ts";
import { shareEventLog } from "../platform/lifecycle/event-logs.ts";
import { freePort } from "../platform/lifecycle/free-port.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { createLogger } from "../platform/logging/logger.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../platform/sql/embedded-postgres.ts";
import { services } from "../services/index.ts";
import { openStackControl, type StackControl } from "./control.ts";
import { presetsSetting } from "./engines/collector.ts";
import { type Engine, EngineError, type Program } from "./engines/engine.ts";
import { RunningEngine } from "./engines/running-engine.ts";
import { servicePorts, serviceProgram } from "./service-program.ts";

export interface StackOptions {
  /** The engines that take part, with their installations. Of those that do not, the shop takes over what it can. */
  readonly engines: ReadonlyMap<Engine, string>;
  /** What is kept: a folder for each program, with its log. */
  readonly dataDir: string;
  /** `usual`: the numbers that people know. `free`: any, so that several stacks can run. */
  readonly ports: "usual" | "free";
  /** What services share to make keyed hashes; the same for the same data. */
  readonly secret: string;
  /** Settings of all services, but those that connect them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Settings of engines that shall be others, by the engine's name. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How many processes a service has, where it is more than one; the others are `cart-2`, `cart-3`. */
  readonly replicas?: ReadonlyMap<string, number>;
  /** Whether what ends by itself is started again. */
  readonly restarts: boolean;
  /** Told what has come up and what went wrong, a line each. */
  readonly tell: (line: string) => void;
}

/** A second process of `ad` leaves the page for Prometheus to the first. */
const ofReplica = { AD_PROMETHEUS_PORT: "0" };

/** The frontend's own port, where Envoy has the one that both have in containers. */
const frontendPort = 8082;

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

type Ports = Readonly<Record<string, number>>;

/**
 * The whole mesh on this machine: engines, and every service as a process of its own, each reached over the loopback
 * interface. PostgreSQL listens on a Unix socket; each service has a role of its own there.
 */
export class NativeStack {
  readonly #options: StackOptions;
  readonly #ports: ReadonlyMap<string, Ports>;
  readonly #running = new Map<string, RunningEngine>();
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;
  #postgres: { readonly server: EmbeddedPostgres; readonly databases: Databases } | undefined;
  #sharing: Promise<void> | undefined;
  #control: StackControl | undefined;
  /** Those that end because they are to be started anew. */
  readonly #restarting = new Set<string>();
  #flagFile = "";

  private constructor(options: StackOptions, ports: ReadonlyMap<string, Ports>) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Chooses the ports; starts nothing. */
  static async open(options: StackOptions): Promise<NativeStack> {
    const ports = new Map<string, Ports>();
    for (const engine of options.engines.keys()) ports.set(engine.name, await portsOf(engine, options.ports));
    for (const service of servicesBeside(options.engines)) {
      const [first, ...others] = replicaNames(service, options);
      ports.set(first, await portsOf(service, options.ports));
      for (const name of others) ports.set(name, await portsOf(service, "free"));
    }
    return new NativeStack(options, ports);
  }

  /** `http://127.0.0.1:8080`: where people go. */
  get url(): string {
    return `http://${this.addressOf("envoy", "front") ?? this.addressOf("frontend-proxy")}`;
  }

  /** The database as its superuser, as options of postgres.js. */
  get database() {
    if (this.#postgres === undefined) throw new Error("PostgreSQL has not been started");
    return this.#postgres.server.connection({ database: "astronomy_db", user: "postgres" });
  }

  /** An engine or a service, by name. */
  program(name: string): RunningEngine {
    const found = this.#running.get(name);
    if (found === undefined) throw new Error(`${name} does not take part`);
    return found;
  }

  /** The names of all, engines before services. */
  get names(): readonly string[] {
    return [...this.#ports.keys()];
  }

  /** Where all replicas of a service are, as its variable has it; undefined for what does not take part. */
  addressesOf(service: ServiceDeclaration): string | undefined {
    const found = replicaNames(service, this.#options).map((name) => this.addressOf(name));
    return found[0] === undefined ? undefined : found.join(",");
  }

  /** `127.0.0.1:9092`, of the first port unless another is named; undefined for what does not take part. */
  addressOf(name: string, port?: string): string | undefined {
    const ports = this.#ports.get(name);
    const number = port === undefined ? Object.values(ports ?? {})[0] : ports?.[port];
    return number === undefined ? undefined : `127.0.0.1:${number}`;
  }

  /**
   * Starts everything at once; returns when all of it can serve.
   *
   * @throws EngineError when something cannot run, or all of it is stopped meanwhile; what has come up is stopped first
   */
  async start(): Promise<void> {
    const { engines, dataDir } = this.#options;
    await mkdir(dataDir, { recursive: true });
    // It has to be there for whoever reads it, whoever comes first.
    const names = await flagNames(this.#options.environment ?? {});
    this.#flagFile = ownFileIn(join(dataDir, "flags"), names);
    await (await openOwnFile(this.#flagFile, names, createLogger({ level: "silent" }))).close();
    this.#control = await openStackControl((service) => this.restart(service));
    const databases = await this.#startPostgres();
    if (this.addressOf("kafka") === undefined) {
      this.#sharing = shareEventLog(databases, services);
      await this.#sharing;
      this.#stopping.signal.throwIfAborted();
    }
    const parts = [
      ...[...engines].map(async ([engine, home]) => {
        const settings = { ...(await this.#settingsOf(engine)), ...this.#options.settings?.[engine.name] };
        await this.#run(engine, { home, settings });
      }),
      ...servicesBeside(engines).map(async (service) => {
        const program = serviceProgram(service, await this.#environmentOf(service, databases));
        const [first, ...others] = replicaNames(service, this.#options);
        await Promise.all([
          this.#run({ ...program, name: first }, { home: dataDir, settings: {} }),
          ...others.map((name) => this.#run({ ...program, name }, { home: dataDir, settings: ofReplica })),
        ]);
      }),
    ];
    try {
      await Promise.all(parts);
    } catch (error) {
      await this.stop();
      await Promise.allSettled(parts);
      throw error;
    }
  }

  /**
   * Starts a service anew, its replicas one after the other: calls that reach the one that is away fail meanwhile, unless
   * there are others.
   *
   * @returns what was done
   */
  async restart(service: string): Promise<string> {
    const declaration = services.find(({ name }) => name === service);
    const names = declaration === undefined ? [] : replicaNames(declaration, this.#options);
    const parts = names.flatMap((name) => this.#running.get(name) ?? []);
    if (parts.length === 0) throw new EngineError(`${service} is no program of ours here: Envoy is in its place.`);
    for (const [index, running] of parts.entries()) {
      const name = names[index] ?? service;
      if (this.#restarting.has(name)) throw new EngineError(`${name} is being started anew.`);
      this.#restarting.add(name);
      try {
        await running.stop();
        this.#stopping.signal.throwIfAborted();
        await running.start();
      } finally {
        this.#restarting.delete(name);
      }
    }
    return parts.length === 1
      ? `${service} was ended and has a new process.`
      : `The ${parts.length} processes of ${service} were ended one after the other, and started anew.`;
  }

  /** Ends a start, too. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Senders before what they send to: requests, then telemetry, then what is stored. */
  async #stop(): Promise<void> {
    await this.#control?.close();
    const left = new Map(this.#running);
    const stop = async (names: readonly string[]) => {
      const parts = names.flatMap((name) => left.get(name) ?? []);
      for (const name of names) left.delete(name);
      await Promise.all(parts.map((running) => running.stop()));
    };
    const engines = new Set([...this.#options.engines.keys()].map(({ name }) => name));
    await stop(["envoy"]);
    await stop([...left.keys()].filter((name) => !engines.has(name) && name !== "observatory"));
    await stop(["collector"]);
    await stop([...left.keys()]);
    await this.#sharing?.catch(() => {});
    await this.#postgres?.databases.stop();
  }

  async #startPostgres(): Promise<Databases> {
    const { dataDir, tell } = this.#options;
    const begun = performance.now();
    const server = await startEmbeddedPostgres({
      dataDir: join(dataDir, "postgres"),
      describeOwner: "the mesh on this machine",
      log: (line) => tell(`postgresql: ${line}`),
    });
    const databases = embeddedDatabase(server);
    if (this.#stopping.signal.aborted) await databases.stop();
    this.#stopping.signal.throwIfAborted();
    this.#postgres = { server, databases };
    tell(`postgresql ready in ${seconds(begun)}`);
    return databases;
  }

  async #run(
    program: Program,
    options: { readonly home: string; readonly settings: Readonly<Record<string, string>> },
  ): Promise<void> {
    const { dataDir, restarts, tell } = this.#options;
    const { name } = program;
    const begun = performance.now();
    this.#stopping.signal.throwIfAborted();
    const running = new RunningEngine(program, {
      ...options,
      dataDir: join(dataDir, name),
      ports: this.#ports.get(name) ?? {},
    });
    this.#running.set(name, running);
    await running.start();
    this.#stopping.signal.throwIfAborted();
    tell(`${name} ready in ${seconds(begun)}`);
    if (restarts) void this.#keepUp(name, running);
  }

  /** Starts again what ends by itself, after a pause that grows while it does not stay. */
  async #keepUp(name: string, running: RunningEngine): Promise<void> {
    const { signal } = this.#stopping;
    const { tell } = this.#options;
    let pauseMs = firstPauseMs;
    for (;;) {
      const begun = performance.now();
      const by = await running.ended();
      if (signal.aborted) return;
      if (this.#restarting.has(name)) {
        while (this.#restarting.has(name)) await sleep(100);
        if (running.isReady) continue;
      }
      if (performance.now() - begun > longestPauseMs) pauseMs = firstPauseMs;
      const how = by === undefined ? "" : ` (${by})`;
      tell(`${name} has ended by itself${how}; why is in ${running.log}. It is started again in ${pauseMs / 1_000} s.`);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      if (signal.aborted) return;
      const again = performance.now();
      try {
        await running.start();
        tell(`${name} ready in ${seconds(again)}`);
      } catch (error) {
        if (!signal.aborted) tell(`${name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  /** What a service needs to know of the others; on this machine, and in no other way than in containers. */
  async #environmentOf(service: ServiceDeclaration, databases: Databases): Promise<Readonly<Record<string, string>>> {
    const environment: Record<string, string> = {
      OTEL_METRIC_EXPORT_INTERVAL: "10000",
      // It is there, and begins when it is told to.
      LOAD_GENERATOR_VUS: "0",
      K6_TARGET_URL: this.url,
      PUBLIC_OBSERVATORY_URL: "/observatory/",
      PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "/otlp-http/v1/traces",
      ...(service.name === "observatory" ? observatoryInMesh(join(this.#options.dataDir, service.name, "store")) : {}),
      ...this.#options.environment,
      AD_PROMETHEUS_PORT: this.#options.ports === "usual" ? "" : "0",
      ORRERY_SECRET: this.#options.secret,
      ...this.#telemetry(),
      ...this.#flagSettings(service),
      ...(service.name === "scenarios" && this.#control !== undefined
        ? { ORRERY_STACK_CONTROL: this.#control.url }
        : {}),
    };
    for (const other of services) {
      const there = this.addressesOf(other);
      if (other.address !== undefined && there !== undefined) environment[other.address] = there;
    }
    const [kafka, valkey] = [this.addressOf("kafka"), this.addressOf("valkey")];
    if (kafka !== undefined) environment.KAFKA_ADDR = kafka;
    if (valkey !== undefined) environment.VALKEY_ADDR = valkey;
    const { schema } = service;
    if (schema === undefined) return environment;
    const { host, port, database, username } = await databases.addressFor(schema);
    environment.DB_CONNECTION_STRING = `postgres://${username}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
    return environment;
  }

  /** Those who hand out or change flags have the file, the others ask flagd. */
  #flagSettings({ settings = [] }: ServiceDeclaration): Readonly<Record<string, string>> {
    if (settings.some(({ name }) => name === "FLAGD_FILE")) return { FLAGD_FILE: this.#flagFile };
    const [host, port] = this.addressOf("flagd", "sync")?.split(":") ?? [];
    return there({ FLAGD_HOST: host, FLAGD_SYNC_PORT: port });
  }

  /** Where telemetry goes: to the Collector, else to the Observatory alone. */
  #telemetry(): Readonly<Record<string, string>> {
    const collector = this.addressOf("collector");
    if (collector !== undefined) return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector}` };
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${this.addressOf("observatory")}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    };
  }

  /** What an engine's configuration names by the hosts of containers, and where it is here. */
  async #settingsOf({ name }: Engine): Promise<Readonly<Record<string, string>>> {
    switch (name) {
      case "envoy":
        return this.#clusters();
      case "prometheus":
        return { "config.file": await this.#prometheusConfiguration() };
      case "alertmanager":
        return this.#alertmanagerSettings();
      case "jaeger":
        return there({
          PROMETHEUS_ADDR: this.addressOf("prometheus"),
          OTEL_COLLECTOR_ADDR: this.addressOf("collector", "http"),
        });
      case "collector":
        return this.#collectorSettings();
      default:
        return {};
    }
  }

  #clusters(): Readonly<Record<string, string>> {
    const called = services.filter(({ name }) => frontendProxy.calls.some((each) => each === name));
    return there({
      ...Object.fromEntries(called.map((service) => [service.name, this.addressesOf(service)])),
      "otel-collector": this.addressOf("collector"),
      "otel-collector-http": this.addressOf("collector", "http"),
      jaeger: this.addressOf("jaeger"),
    });
  }

  async #prometheusConfiguration(): Promise<string> {
    const files = prometheusFiles({
      services,
      objectives: shopObjectives,
      alertmanager: this.addressOf("alertmanager") ?? "127.0.0.1:9093",
      // As quick as the Observatory, for both judge the same.
      timeScale: observatorySettings(this.#options.environment ?? {}).timeScale,
    });
    const folder = join(this.#options.dataDir, "prometheus", "configuration");
    const [configuration] = await writeRenderedFiles(folder, files);
    if (configuration === undefined) throw new Error("Prometheus is started with a file.");
    return configuration;
  }

  /** Its own file where somebody is to be told; the repository's has no keys in it. */
  async #alertmanagerSettings(): Promise<Readonly<Record<string, string>>> {
    const receivers = alertReceivers({ ...process.env, ...this.#options.environment });
    if (!hasReceivers(receivers)) return {};
    const folder = join(this.#options.dataDir, "alertmanager", "configuration");
    const [configuration] = await writePrivateFiles(folder, alertmanagerFiles({ receivers }));
    return there({ "config.file": configuration });
  }

  async #collectorSettings(): Promise<Readonly<Record<string, string>>> {
    const { host, port, username } = await this.#monitoringRole();
    const hasStores = this.addressOf("kafka") !== undefined && this.addressOf("valkey") !== undefined;
    const own = text(process.env, "COLLECTOR_PRESETS") ?? "";
    return there({
      [presetsSetting]: ["observatory", "checks", ...(hasStores ? ["stores"] : []), own].join(","),
      JAEGER_OTLP_ADDR: this.addressOf("jaeger", "otlp"),
      PROMETHEUS_ADDR: this.addressOf("prometheus"),
      LOKI_ADDR: this.addressOf("loki"),
      OBSERVATORY_ADDR: this.addressOf("observatory"),
      KAFKA_ADDR: this.addressOf("kafka"),
      VALKEY_ADDR: this.addressOf("valkey"),
      POSTGRES_HOST: host,
      POSTGRES_PORT: String(port),
      POSTGRES_TRANSPORT: "unix",
      POSTGRES_MONITORING_USER: username,
      ...Object.fromEntries(services.map((service) => [checkedAddress(service), this.addressOf(service.name)])),
      // The front proxy under its own name, whoever it is.
      [checkedAddress(frontendProxy)]: this.addressOf("envoy") ?? this.addressOf("frontend-proxy"),
    });
  }

  /** A role that sees what the server does, and nobody's data. */
  async #monitoringRole() {
    // The shop's database may not be there yet.
    const sql = postgres({ ...this.database, database: "postgres", max: 1, onnotice: () => {} });
    const username = "monitoring_user";
    try {
      const [found] = await sql`select from pg_roles where rolname = ${username}`;
      if (found === undefined) await sql.unsafe(`create role ${username} login in role pg_monitor`);
    } finally {
      await sql.end();
    }
    return { ...this.database, username };
  }
}

/** Those settings that have a value. */
function there(settings: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The services that run: all, without the embedded front proxy where Envoy is. */
function servicesBeside(engines: StackOptions["engines"]): readonly ServiceDeclaration[] {
  const hasEnvoy = [...engines.keys()].some(({ name }) => name === "envoy");
  return services.filter(({ name }) => !(hasEnvoy && name === "frontend-proxy"));
}

/** The names of a service's processes. */
function replicaNames({ name }: ServiceDeclaration, { replicas }: StackOptions): readonly [string, ...string[]] {
  const others = Array.from({ length: (replicas?.get(name) ?? 1) - 1 }, (_, index) => `${name}-${index + 2}`);
  return [name, ...others];
}

async function portsOf(program: Engine | ServiceDeclaration, kind: StackOptions["ports"]): Promise<Ports> {
  const usual =
    "ports" in program
      ? program.ports
      : { ...servicePorts(program), ...(program.name === "frontend" ? { rpc: frontendPort } : {}) };
  if (kind === "usual") return usual;
  const ports: Record<string, number> = {};
  for (const name of Object.keys(usual)) ports[name] = await freePort();
  return ports;
}

function seconds(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}
