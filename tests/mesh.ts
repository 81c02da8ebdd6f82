import postgres from "postgres";
import { expect } from "vitest";
import { freePort } from "../src/platform/lifecycle/free-port.ts";
import { createTestDatabase, type TestDatabase } from "../src/platform/sql/testing.ts";
import { services } from "../src/services/index.ts";
import { freePorts } from "./free-ports.ts";
import { OrreryProcess } from "./orrery-process.ts";

/** Services as processes of their own, which find each other by environment variables and share a database. */
export class Mesh {
  /** The database, as its superuser. */
  readonly sql: postgres.Sql;
  /** Where the front proxy listens, once it runs. */
  readonly url: string;
  readonly #database: TestDatabase;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #running = new Set<OrreryProcess>();

  private constructor(database: TestDatabase, ports: ReadonlyMap<string, number>) {
    this.#database = database;
    this.#ports = ports;
    this.sql = postgres({ ...database.connection, max: 1, onnotice: () => {} });
    this.url = this.urlOf("frontend-proxy");
    const { host, port, database: name, username } = database.connection;
    this.#environment = {
      ...freePorts,
      LOAD_GENERATOR_VUS: "0",
      ORRERY_SECRET: "a secret that all of them share",
      DB_CONNECTION_STRING: `postgres://${username}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`,
      ...Object.fromEntries(
        services.flatMap((service) => {
          const own = String(ports.get(service.name));
          const listens = [service.port.variable, own] as const;
          return "address" in service ? [listens, [service.address, `127.0.0.1:${own}`]] : [listens];
        }),
      ),
    };
  }

  static async open(): Promise<Mesh> {
    const ports = new Map<string, number>();
    for (const { name } of services) ports.set(name, await freePort());
    return new Mesh(await createTestDatabase(), ports);
  }

  /** Where the database's server listens: the folder of its socket, and the port in the socket's name. */
  get database(): { readonly host: string; readonly port: number } {
    const { host, port } = this.#database.connection;
    return { host, port };
  }

  urlOf(service: string): string {
    return `http://127.0.0.1:${this.#ports.get(service)}`;
  }

  /** Starts a process with these services. */
  serve(names: readonly string[], changes: Readonly<Record<string, string>> = {}): OrreryProcess {
    const started = new OrreryProcess(["serve", ...names], { ...this.#environment, ...changes });
    this.#running.add(started);
    return started;
  }

  /** Stops processes, all unless told, in the time that they may take. */
  async terminate(processes: Iterable<OrreryProcess> = this.#running): Promise<void> {
    await Promise.all(
      [...processes].map(async (process) => {
        this.#running.delete(process);
        expect(await process.terminate()).toBeLessThan(10_000);
      }),
    );
  }

  /** Ends a process with SIGKILL. */
  async kill(process: OrreryProcess): Promise<void> {
    this.#running.delete(process);
    await process.kill();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#running].map((process) => process.kill()));
    await this.sql.end({ timeout: 1 });
    await this.#database.drop();
  }
}
