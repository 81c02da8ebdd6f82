import { Shared, type Yaml } from "../yaml.ts";

/** A value of `.env`, and what people are told about it there. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  /** Written above it; settings without one belong to the one before. */
  readonly why?: string;
}

/** A service of docker compose: what differs from one to the other. */
export interface Container {
  readonly name: string;
  readonly image: string;
  /** What it may use, in MiB; `.env` has it as MEMORY_<NAME>. */
  readonly memoryMb: number;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Further variables that it gets as whoever starts it has them, and not at all if he has none. */
  readonly passed?: readonly string[];
  /** Folders in memory that it may write; the rest of its file system is read-only. */
  readonly scratch?: readonly string[];
  readonly volumes?: readonly string[];
  /** `interval` apart, asked in the container itself. */
  readonly healthCheck?: readonly string[];
  /** Part of a profile only. */
  readonly profile?: string;
  /** Further keys of compose. */
  readonly more?: Readonly<Record<string, Yaml>>;
}

/** A value of `.env`, as compose's file names it. */
export function setting(name: string): string {
  return `\${${name}}`;
}

export function memoryVariable(name: string): string {
  return `MEMORY_${name.replaceAll("-", "_").toUpperCase()}`;
}

const logging = new Shared("logging", { driver: "json-file", options: { "max-size": "5m", "max-file": "2" } });

/** A container that may write nowhere else, gains no rights, comes back when it ends and leaves no endless log. */
export function containerYaml(container: Container): Yaml {
  const { name, image, command, scratch = ["/tmp"], volumes, healthCheck, profile, more } = container;
  const environment = {
    ...container.environment,
    ...Object.fromEntries((container.passed ?? []).map((variable) => [variable, null])),
  };
  return {
    image,
    ...(profile === undefined ? {} : { profiles: [profile] }),
    ...more,
    ...(command === undefined ? {} : { command }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    ...(volumes === undefined ? {} : { volumes }),
    mem_limit: setting(memoryVariable(name)),
    ...(healthCheck === undefined
      ? {}
      : {
          healthcheck: {
            test: ["CMD", ...healthCheck],
            interval: "10s",
            timeout: "5s",
            start_period: "60s",
            retries: 3,
          },
        }),
    restart: "unless-stopped",
    read_only: true,
    tmpfs: scratch,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    logging,
  };
}

/** A file or folder of this repository, as a container sees it. */
export function mounted(path: string, target: string): string {
  return `./${path}:${target}:ro`;
}
