import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { type Container, setting } from "./container.ts";

const image = `${setting("ORRERY_IMAGE")}:${setting("ORRERY_VERSION")}`;

/** Where services find their stores, by the names of containers. */
export interface Stores {
  readonly valkey?: string;
  readonly kafka?: string;
  /** The role of a process in PostgreSQL, and the variable of its password. */
  readonly role: (services: readonly ServiceDeclaration[]) => { readonly name: string; readonly variable: string };
}

/** The volume of the file of flags, and who hands flags out to those who have no part in it. */
export interface FlagPlaces {
  readonly volume: string;
  readonly host: string;
}

/** In our image, where its user may write. */
const flagFolder = "/var/lib/orrery/flags";
/** Set while flags have names that say nothing. */
const whenBlind = (value: string) => `\${ORRERY_BLIND:+${value}}`;
/** Of each kind of names there is one: what is on under its own name is not to be read in the other file. */
export const flagFileName = `${whenBlind("opaque.")}demo.flagd.json`;
/** Where all who have flags find what these are called, if that is hidden. */
const names = "names:/var/lib/orrery/names";

/** Set while the observability profile runs; a shop alone sends its telemetry to nobody. */
export const whenWatched = (value: string) => `\${COMPOSE_PROFILES:+${value}}`;

/**
 * A container with one or several services in one process.
 *
 * @param options.name of the container; its services are reached by their own names, too
 */
export function shopContainer(options: {
  readonly name: string;
  readonly services: readonly ServiceDeclaration[];
  readonly all: readonly ServiceDeclaration[];
  readonly stores: Stores;
  readonly memoryMb: number;
  readonly isBuilt: boolean;
  /** Where the flags are, as a process of this container or of another has them. */
  readonly flags: FlagPlaces;
  /** Further variables, and their values. */
  readonly given?: Readonly<Record<string, string>>;
}): Container {
  const { name, services, all, stores, memoryMb, isBuilt, flags, given } = options;
  const names = services.map((service) => service.name);
  const environment = { ...environmentOf(services, all, stores), ...flagsOf(services, flags), ...given };
  return {
    name,
    image,
    memoryMb,
    command: ["serve", ...names, "--host", "0.0.0.0"],
    environment,
    passed: passedTo(services).filter((variable) => environment[variable] === undefined),
    ...volumesOf(services, flags),
    healthCheck: ["node", "/orrery/dist/server/health.js", ...services.map(({ port }) => String(port.fallback))],
    more: {
      // Built once; the other containers are of the same image.
      ...(isBuilt ? { build: { context: ".", target: "orrery", args: { VERSION: setting("ORRERY_VERSION") } } } : {}),
      pull_policy: setting("ORRERY_PULL_POLICY"),
      ...(names.length === 1 && names[0] === name ? {} : { networks: { default: { aliases: names } } }),
    },
  };
}

/** What people set of services, if they like; where everything is they are told here. */
function passedTo(services: readonly ServiceDeclaration[]): readonly string[] {
  const declared = services.flatMap(({ settings = [] }) => settings.map((setting) => setting.name));
  const free = declared.filter((variable) => !/_(ADDR|PORT|FILE|CONTROL|TARGET_URL)$/.test(variable));
  return [...new Set([...free, "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"])];
}

/** Whether one of them reads or writes the file of flags itself. */
function keepsFlags(services: readonly ServiceDeclaration[]): boolean {
  return services.some(({ settings = [] }) => settings.some(({ name }) => name === "FLAGD_FILE"));
}

/** Who has no flags need not know where they are. */
function hasFlags(services: readonly ServiceDeclaration[]): boolean {
  return (
    keepsFlags(services) || services.some(({ flags = [], readsFlags = [] }) => flags.length + readsFlags.length > 0)
  );
}

function flagsOf(services: readonly ServiceDeclaration[], { host }: FlagPlaces): Readonly<Record<string, string>> {
  if (!hasFlags(services)) return {};
  return {
    ...(keepsFlags(services) ? { FLAGD_FILE: `${flagFolder}/${flagFileName}` } : { FLAGD_HOST: host }),
    ORRERY_BLIND: setting("ORRERY_BLIND"),
  };
}

function volumesOf(services: readonly ServiceDeclaration[], { volume }: FlagPlaces): Pick<Container, "volumes"> {
  if (!hasFlags(services)) return {};
  return { volumes: [...(keepsFlags(services) ? [`${volume}:${flagFolder}`] : []), names] };
}

function environmentOf(
  services: readonly ServiceDeclaration[],
  all: readonly ServiceDeclaration[],
  stores: Stores,
): Readonly<Record<string, string>> {
  const here = new Set(services.map(({ name }) => name));
  const called = all.filter(({ name }) => !here.has(name) && services.some(({ calls }) => calls.includes(name)));
  const reads = (variable: string) =>
    services.some(({ settings = [] }) => settings.some((setting) => setting.name === variable));
  const usesValkey = stores.valkey !== undefined && reads("VALKEY_ADDR");
  const usesEvents = services.some(({ publishes = [], consumes = [] }) => publishes.length + consumes.length > 0);
  const usesSql =
    services.some(({ schema, name }) => schema !== undefined && !(usesValkey && name === "cart")) ||
    (usesEvents && stores.kafka === undefined);
  const role = stores.role(services);
  return {
    ...Object.fromEntries(services.map(({ port }) => [port.variable, String(port.fallback)])),
    ...Object.fromEntries(
      called.flatMap(({ name, address, port }) =>
        address === undefined ? [] : [[address, `${name}:${port.fallback}`]],
      ),
    ),
    ...(usesSql
      ? { DB_CONNECTION_STRING: `postgres://${role.name}:${setting(role.variable)}@postgresql:5432/astronomy_db` }
      : {}),
    ...(usesValkey && stores.valkey !== undefined ? { VALKEY_ADDR: stores.valkey } : {}),
    ...(usesEvents && stores.kafka !== undefined ? { KAFKA_ADDR: stores.kafka } : {}),
    ...(reads("ENV_PLATFORM")
      ? { ENV_PLATFORM: "docker", PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whenWatched("/otlp-http/v1/traces") }
      : {}),
    ORRERY_SECRET: setting("ORRERY_SECRET"),
    LOG_LEVEL: setting("LOG_LEVEL"),
    OTEL_EXPORTER_OTLP_ENDPOINT: whenWatched("http://otel-collector:4317"),
    OTEL_METRIC_EXPORT_INTERVAL: "10000",
    // What waits while the Collector is away has to fit into the container.
    OTEL_BSP_MAX_QUEUE_SIZE: "2048",
    OTEL_BLRP_MAX_QUEUE_SIZE: "2048",
  };
}
