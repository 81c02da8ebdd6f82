import postgres from "postgres";
import { type DatabaseAddress, databaseAddress, type Environment } from "../config/environment.ts";
import type { Logger } from "../logging/logger.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../sql/embedded-postgres.ts";

/** Where services keep their data. */
export interface Databases {
  /** The address for the owner of a schema; the role is the owner's alone where the server is ours. */
  addressFor(schema: string): Promise<DatabaseAddress>;
  /** How a person reaches it, once it is in use. */
  describe(): string | undefined;
  stop(): Promise<void>;
}

/** An address as DB_CONNECTION_STRING takes it. */
export function databaseText({ host, port, database, username, password, ssl }: DatabaseAddress): string {
  const secret = password === undefined ? "" : `;Password=${password}`;
  const mode = ssl === undefined ? "" : `;SslMode=${ssl}`;
  return `Host=${host};Port=${port};Database=${database};Username=${username}${secret}${mode}`;
}

/** The database's name, as in the OpenTelemetry Demo. */
export const databaseName = "astronomy_db";

/** A PostgreSQL server that somebody else runs, named by DB_CONNECTION_STRING. */
export function externalDatabase(address: DatabaseAddress): Databases {
  return {
    addressFor: async () => address,
    describe: () => `postgres://${address.username}@${address.host}:${address.port}/${address.database}`,
    stop: async () => {},
  };
}

/** A PostgreSQL server of our own, with a role for each schema. */
export function embeddedDatabase(server: EmbeddedPostgres): Databases {
  const admin = postgres({
    ...server.connection({ database: "postgres", user: "postgres" }),
    max: 1,
    idle_timeout: 5,
    onnotice: () => {},
  });
  const database = createDatabase(admin);
  const provisioned = new Map<string, Promise<void>>();
  let stopped = false;
  return {
    async addressFor(schema) {
      await database;
      if (stopped) throw new Error("PostgreSQL is stopped");
      let provisioning = provisioned.get(schema);
      if (provisioning === undefined) {
        provisioning = provision(server, schema);
        provisioned.set(schema, provisioning);
      }
      await provisioning;
      return server.connection({ database: databaseName, user: schema });
    },
    describe: () => `psql -h ${server.socketDir} -p ${server.port} -U postgres ${databaseName}`,
    async stop() {
      stopped = true;
      // The driver may hang, or throw where nobody can catch it, when the server goes while a statement is sent.
      await Promise.allSettled([database, ...provisioned.values()]);
      await admin.end({ timeout: 1 });
      await server.stop();
    },
  };
}

async function createDatabase(admin: postgres.Sql): Promise<void> {
  const [found] = await admin`select from pg_database where datname = ${databaseName}`;
  if (found === undefined) await admin.unsafe(`create database ${databaseName}`);
}

/** Makes the role, its schema and the extensions that only a superuser or the database's owner may add. */
async function provision(server: EmbeddedPostgres, schema: string): Promise<void> {
  const sql = postgres({
    ...server.connection({ database: databaseName, user: "postgres" }),
    max: 1,
    onnotice: () => {},
  });
  try {
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext('orrery provision'))`;
      const [role] = await tx`select from pg_roles where rolname = ${schema}`;
      if (role === undefined) await tx.unsafe(`create role "${schema}" login`);
      await tx.unsafe(`create schema if not exists "${schema}" authorization "${schema}"`);
      await tx.unsafe("create extension if not exists pg_trgm with schema public");
    });
  } finally {
    await sql.end();
  }
}

/**
 * What DB_CONNECTION_STRING names; without it, a temporary PostgreSQL server that starts when first needed and takes
 * its data with it.
 */
export function databaseFromEnvironment(environment: Environment, log: Logger): Databases {
  const address = databaseAddress(environment, "DB_CONNECTION_STRING");
  if (address !== undefined) return externalDatabase(address);
  let started: Promise<Databases> | undefined;
  return {
    async addressFor(schema) {
      if (started === undefined) {
        log.warn("DB_CONNECTION_STRING is not set: data is kept in a temporary database and lost at the end");
        let level: "info" | "warn" = "info";
        started = startEmbeddedPostgres({
          dataDir: "ephemeral",
          describeOwner: "a temporary database",
          log: (line) => log[level](`Database: ${line}`),
        }).then(embeddedDatabase);
        // What is told of its start is in the order of things.
        void started.then(
          () => {
            level = "warn";
          },
          () => {},
        );
      }
      return (await started).addressFor(schema);
    },
    describe: () => undefined,
    stop: async () => (await started)?.stop(),
  };
}
