import { frontendProxy } from "../../edge/service.ts";
import { loadGenerator } from "../../load/service.ts";
import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";
import { observatoryInMesh } from "../observatory-in-mesh.ts";
import type { RenderedFile } from "../rendered-file.ts";
import { renderYaml } from "../yaml.ts";
import { type Container, containerYaml, setting } from "./container.ts";
import { envoy, flagd, kafka, postgresql, valkey } from "./engines.ts";
import { observabilityContainers, observabilityProfile } from "./observability.ts";
import { monitoring, type Role, rolesOf, rolesSql } from "./roles.ts";
import { environmentFile, generalSettings, memorySettings, withSettings } from "./settings.ts";
import { type FlagPlaces, flagFileName, shopContainer, whenWatched } from "./shop.ts";

const source =
  "Rendered from the services' declarations by `npm run orrery -- render`: change src/deploy/compose/, or put what is to be\n" +
  "different on one machine into ";

/** The services of the compact shop, by process; what a customer waits for in one, what is done behind the scenes in another. */
const processes = {
  storefront: [
    "flagd",
    "flagd-ui",
    "frontend",
    "image-provider",
    "ad",
    "recommendation",
    "product-catalog",
    "currency",
  ],
  orders: ["checkout", "cart", "payment", "shipping", "quote", "email"],
  consumers: ["accounting", "fraud-detection"],
};
const processMemoryMb = { storefront: 176, orders: 144, consumers: 112 };

/** Those that share a container with another: the runner of scenarios changes flags as the flag page does. */
const companions: Readonly<Record<string, readonly string[]>> = { "flagd-ui": ["scenarios"] };

/** In our image, where its user may write; of the Observatory. */
const telemetryFolder = "/var/lib/orrery/telemetry";

/** What another service takes in a process that is there anyway. */
const companionMemoryMb = 16;

/** flagd itself stands for our own service of that name, unless everything is to be small. */
const flags: FlagPlaces = { volume: "flags", host: "flagd" };

/** What plays customers runs beside the shop, and on any machine. */
const loadProfile = "load";

/** A service holds 35 MiB, and 60 when it is busy; its health check has 15 beside it for a moment. */
const usualMemoryMb = 76;

/** docker compose: a container for each service, the same in few processes, and what both are configured by. */
export function composeFiles(services: readonly ServiceDeclaration[], version: string): readonly RenderedFile[] {
  // Envoy is the front proxy here.
  const all = services.filter(({ name }) => name !== "frontend-proxy");
  const roles = rolesOf(all).filter(({ name }) => name !== "cart");
  const shop: Role = {
    name: "shop",
    variable: "SHOP_DB_PASSWORD",
    schemas: [...rolesOf(all).map(({ name }) => name), "events"],
  };
  const full = fullContainers(all, roles);
  const compact = compactContainers(all, shop);
  const inCompactOnly = compact.filter(({ name }) => !full.some((container) => container.name === name));
  const passwords = ["POSTGRES_PASSWORD", ...[...roles, shop, monitoring].map(({ variable }) => variable)];
  const settings = [
    ...generalSettings({ version, passwords }),
    ...memorySettings(full, "The most that each container may use; one that needs more is ended and starts anew."),
    ...memorySettings(inCompactOnly, "The same for the processes of docker-compose.compact.yml."),
  ];
  return [
    {
      path: "docker-compose.yml",
      text: composeFile(
        full,
        `The shop in containers: docker compose up --detach --wait\n${source}docker-compose.override.yml.`,
      ),
    },
    {
      path: "docker-compose.compact.yml",
      text: composeFile(
        compact,
        "The shop in three processes, without Kafka and Valkey, for a small machine:\n" +
          `docker compose --file docker-compose.compact.yml up --detach --wait\n${source}a file that a second --file names.`,
      ),
    },
    {
      path: ".env",
      completed: (current) => withSettings(current, settings),
      text: environmentFile(
        settings,
        "What docker-compose.yml and docker-compose.compact.yml are configured by. See docs/deployment.md. Its first version is\n" +
          "rendered from src/deploy/compose/settings.ts.",
      ),
    },
    { path: "otel/postgresql/init.sql", text: rolesSql(roles) },
    { path: "otel/postgresql/init-compact.sql", text: rolesSql([shop]) },
  ];
}

function fullContainers(all: readonly ServiceDeclaration[], roles: readonly Role[]): readonly Container[] {
  const stores = {
    kafka: "kafka:9092",
    valkey: "valkey-cart:6379",
    role: (services: readonly ServiceDeclaration[]) => {
      const [service] = services;
      return roles.find(({ name }) => name === service?.schema) ?? { name: "", variable: "" };
    },
  };
  const given: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    frontend: { PUBLIC_OBSERVATORY_URL: whenWatched("/observatory/") },
    "load-generator": {
      FRONTEND_PROXY_ADDR: `frontend-proxy:${frontendProxy.port.fallback}`,
      LOAD_GENERATOR_VUS: setting("LOAD_GENERATOR_VUS"),
    },
    "flagd-ui": {
      PUBLIC_OBSERVATORY_URL: whenWatched("/observatory/"),
      LOAD_GENERATOR_ADDR: `load-generator:${loadGenerator.port.fallback}`,
    },
    observatory: observatoryInMesh(telemetryFolder),
  };
  const elsewhere = new Set(["flagd", ...Object.values(companions).flat()]);
  const own = all
    .filter(({ name }) => !elsewhere.has(name))
    .map((service) => ({ service, others: all.filter(({ name }) => companions[service.name]?.includes(name)) }))
    .map(({ service, others }) => ({
      ...shopContainer({
        name: service.name,
        services: [service, ...others],
        all,
        flags,
        stores,
        memoryMb: (service.memoryMb ?? usualMemoryMb) + companionMemoryMb * others.length,
        isBuilt: service.name === "frontend",
        given: given[service.name] ?? {},
      }),
      ...(service.name === "observatory"
        ? { profile: observabilityProfile, volumes: [`observatory:${telemetryFolder}`] }
        : {}),
      ...(service.isOptional ? { profile: loadProfile } : {}),
    }));
  return [
    envoy(56),
    ...own,
    flagd({ memoryMb: 48, volume: flags.volume, file: flagFileName }),
    postgresql({
      memoryMb: 144,
      init: "otel/postgresql/init.sql",
      passwords: [...roles, monitoring].map(({ variable }) => variable),
      volume: "postgresql",
    }),
    valkey(80),
    kafka(240),
    ...observabilityContainers({ hasAll: true }),
  ];
}

function compactContainers(all: readonly ServiceDeclaration[], shop: Role): readonly Container[] {
  const stores = { role: () => shop };
  const container = (name: string, names: readonly string[], memoryMb: number) =>
    shopContainer({
      name,
      services: names.flatMap((each) => all.filter((service) => service.name === each)),
      all,
      flags,
      stores,
      memoryMb,
      isBuilt: name === "storefront",
    });
  return [
    envoy(56),
    container("storefront", processes.storefront, processMemoryMb.storefront),
    container("orders", processes.orders, processMemoryMb.orders),
    container("consumers", processes.consumers, processMemoryMb.consumers),
    postgresql({
      memoryMb: 144,
      init: "otel/postgresql/init-compact.sql",
      passwords: [shop.variable, monitoring.variable],
      volume: "postgresql-compact",
    }),
    ...observabilityContainers({ hasAll: false }),
  ];
}

function composeFile(containers: readonly Container[], head: string): string {
  const mounts = containers.flatMap(({ volumes = [] }) => volumes).map((volume) => volume.split(":")[0] ?? "");
  const volumes = [...new Set(mounts.filter((name) => /^\w/.test(name)))];
  return renderYaml(
    {
      services: Object.fromEntries(containers.map((container) => [container.name, containerYaml(container)])),
      volumes: Object.fromEntries(volumes.map((name) => [name, {}])),
    },
    head,
  );
}
