import { readFile } from "node:fs/promises";
import { eventually } from "../eventually.ts";
import { docker, run } from "./docker.ts";

/** What a container uses and may use, in bytes. */
interface Memory {
  readonly used: number;
  readonly limit: number;
  /** How often its process has ended. */
  readonly endings: number;
}

/** Who starts before his store, or Kafka, says that he waits. */
const expected = /waiting for it|service\.not_ready|ECONNREFUSED|ENOTFOUND/;

/** Under a load that leaves the machine no time. */
const comesBackWithinMs = 240_000;

/** The containers of one compose file. */
export class ComposeProject {
  readonly environment: Readonly<Record<string, string>>;
  readonly #command: readonly string[];

  constructor(
    [program = "", ...given]: readonly string[],
    options: {
      readonly file: string;
      /** Told beside the variable COMPOSE_PROFILES, by which services see whether somebody watches. */
      readonly profiles: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    },
  ) {
    const { file, profiles, environment } = options;
    this.#command = [program, ...given, "--file", file, ...profiles.flatMap((name) => ["--profile", name])];
    this.environment = environment;
  }

  compose(...args: readonly string[]): Promise<string> {
    const [program = "", ...before] = this.#command;
    return run(program, [...before, ...args], { environment: this.environment });
  }

  async images(): Promise<readonly string[]> {
    return [...new Set(lines(await this.compose("config", "--images")))];
  }

  /** Those that run, but for those of images that are not to be had. */
  async services({ without }: { readonly without: readonly string[] }): Promise<readonly string[]> {
    const { services } = JSON.parse(await this.compose("config", "--format", "json")) as {
      readonly services: Readonly<Record<string, { readonly image: string }>>;
    };
    return Object.entries(services).flatMap(([name, { image }]) => (without.includes(image) ? [] : [name]));
  }

  /** Runs a statement, as the superuser unless told. */
  async sql(statement: string, role = "postgres"): Promise<string> {
    const psql = ["psql", "--no-psqlrc", "-Atq", "-d", "astronomy_db", "-c", statement];
    if (role === "postgres")
      return (await this.compose("exec", "-T", "postgresql", ...psql, "-h", "/var/run/postgresql", "-U", role)).trim();
    const as = `PGPASSWORD="$${role.toUpperCase()}_DB_PASSWORD" exec "$0" "$@"`;
    return (
      await this.compose("exec", "-T", "postgresql", "bash", "-c", as, ...psql, "-h", "127.0.0.1", "-U", role)
    ).trim();
  }

  /** Repeats a check until it passes. */
  eventually<T>(check: () => Promise<T>): Promise<T> {
    return eventually(check, comesBackWithinMs);
  }

  /**
   * Throws unless all containers run and are healthy. Unlike `up --wait` it does not give up on one that was not healthy in
   * time: a slow machine needs longer than its file allows before it is called unhealthy, and it comes all the same.
   */
  async allAreHealthy(): Promise<void> {
    const containers = await this.#inspect([]);
    const away = containers.filter(({ State }) => !State.Running || (State.Health?.Status ?? "healthy") !== "healthy");
    if (away.length === 0) return;
    const names = away.map(({ Config, State }) => `${serviceOf(Config)} (${State.Health?.Status ?? "ended"})`);
    throw new Error(`Not healthy: ${names.join(", ")}`);
  }

  /** Ends a container's process as the machine would, so that its restart policy applies. */
  async killAndSeeItComeBack(service: string): Promise<void> {
    const [before] = await this.#inspect([service]);
    if (before === undefined) throw new Error(`There is no container of ${service}`);
    const { Pid: pid } = before.State;
    // The number is of the machine that Docker runs on, which need not be this one.
    const groups = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
    if (!groups.includes(before.Id)) {
      throw new Error(`Process ${pid} of ${service} is not on this machine: test a Docker that runs here.`);
    }
    process.kill(pid, "SIGKILL");
    await this.eventually(async () => {
      const [now] = await this.#inspect([service]);
      const isBack =
        now !== undefined &&
        now.RestartCount > before.RestartCount &&
        (now.State.Health?.Status ?? "healthy") === "healthy";
      if (!isBack) throw new Error(`${service} has not come back: ${JSON.stringify(now?.State)}`);
    });
  }

  async memory(): Promise<ReadonlyMap<string, Memory>> {
    const containers = await this.#inspect([]);
    const stats = lines(
      await docker("stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", ...containers.map(({ Id }) => Id)),
    ).map((line) => JSON.parse(line) as { readonly ID: string; readonly MemUsage: string });
    return new Map(
      containers
        .map(({ Id, RestartCount, Config, HostConfig, State }): [string, Memory] => [
          serviceOf(Config) ?? Id,
          {
            used: bytes(stats.find(({ ID }) => ID === Id)?.MemUsage.split(" / ")[0] ?? "0B"),
            limit: HostConfig.Memory,
            // One that has come back since does not know any more what it ended for.
            endings: RestartCount + (State.OOMKilled ? 1 : 0),
          },
        ])
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** What the first process of a container may do that it need not. */
  async excesses(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { Config, HostConfig, State } of await this.#inspect([])) {
      const status = await readFile(`/proc/${State.Pid}/status`, "utf8");
      const value = (name: string) => new RegExp(`^${name}:\\s+(\\w+)`, "m").exec(status)?.[1];
      const excess = [
        ...(value("Uid") === "0" ? ["is root"] : []),
        ...(/^0+$/.test(value("CapEff") ?? "") ? [] : [`has the capabilities ${value("CapEff")}`]),
        ...(value("NoNewPrivs") === "1" ? [] : ["may gain privileges"]),
        ...(HostConfig.ReadonlyRootfs ? [] : ["may write into its image"]),
      ];
      if (excess.length > 0) found.push(`${serviceOf(Config)} ${excess.join(", ")}`);
    }
    return found;
  }

  /** Lines of any log with one of the secrets of `.env` in it. */
  async leaks(): Promise<readonly string[]> {
    const settings = [...(await readFile(new URL("../../.env", import.meta.url), "utf8")).matchAll(/^(\w+)=(.+)$/gm)];
    const secrets = settings.flatMap(([, name = "", value = ""]) => (/PASSWORD|SECRET|_KEY/.test(name) ? [value] : []));
    return lines(await this.compose("logs", "--no-color")).filter((line) =>
      secrets.some((each) => line.includes(each)),
    );
  }

  /** What services have logged as a warning or worse, but for what they waited for at the start. */
  async complaints(): Promise<readonly string[]> {
    const log = await this.compose("logs", "--no-color", "--no-log-prefix");
    return lines(log).filter((line) => /^\{"severity":"(WARN|ERROR|FATAL)"/.test(line) && !expected.test(line));
  }

  /** Stops all containers; how long it took, in milliseconds. */
  async stopsIn(): Promise<number> {
    const begun = performance.now();
    await this.compose("stop", "--timeout", "30");
    return performance.now() - begun;
  }

  async #inspect(services: readonly string[]): Promise<readonly Inspected[]> {
    const ids = lines(await this.compose("ps", "--all", "--quiet", ...services));
    return JSON.parse(await docker("inspect", ...ids)) as Inspected[];
  }
}

/** What is read of `docker inspect`. */
interface Inspected {
  readonly Id: string;
  readonly RestartCount: number;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly Memory: number; readonly ReadonlyRootfs: boolean };
  readonly State: {
    readonly Pid: number;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
}

function serviceOf({ Labels }: Inspected["Config"]): string | undefined {
  return Labels["com.docker.compose.service"];
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** `12.3MiB` */
function bytes(text: string): number {
  const [, number, unit = ""] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Number(number) * 1_024 ** ["B", "KiB", "MiB", "GiB"].indexOf(unit);
}
