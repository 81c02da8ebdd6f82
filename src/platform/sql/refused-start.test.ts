import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DatabaseAddress } from "../config/environment.ts";
import { createLogger } from "../logging/logger.ts";
import { openDatabase } from "./database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";

const passwords = "local all postgres trust\nlocal all all scram-sha-256\n";
let server: EmbeddedPostgres;
let migrations: string;

beforeAll(async () => {
  server = await startEmbeddedPostgres({ dataDir: "ephemeral", describeOwner: "a test" });
  migrations = await mkdtemp(join(tmpdir(), "orrery-migrations-"));
  const sql = postgres({ ...server.connection({ database: "postgres", user: "postgres" }), max: 1 });
  await sql`create role shop login password 'right'`;
  await sql`create role retired nologin password 'right'`;
  const [row] = await sql`show hba_file`;
  await writeFile(row?.hba_file, passwords);
  await sql`select pg_reload_conf()`;
  await sql.end();
});
afterAll(async () => {
  await server.stop();
  await rm(migrations, { recursive: true });
});

it.each<[string, Partial<DatabaseAddress>, string]>([
  [
    "a wrong password",
    { password: "wrong" },
    'knows no such user with that password: password authentication failed for user "shop"',
  ],
  [
    "a user who may not log in",
    { username: "retired" },
    'lets no such user in: role "retired" is not permitted to log in',
  ],
  [
    "a database that is not there",
    { database: "elsewhere" },
    'has no such database: database "elsewhere" does not exist',
  ],
  [
    "a user who may make nothing",
    {},
    "does not allow that user to make what is needed: permission denied for database postgres",
  ],
])(
  "%s ends a start that would wait for a server, with one line that names what to change",
  async (_, different, words) => {
    const address = { ...server.connection({ database: "postgres", user: "shop" }), password: "right", ...different };
    const started = openDatabase({
      address,
      schema: "shop",
      migrations: pathToFileURL(`${migrations}/`),
      poolSize: 1,
      applicationName: "refused-start.test",
      log: createLogger({ level: "silent" }),
      signal: new AbortController().signal,
    });
    await expect(started).rejects.toThrow(
      `PostgreSQL at ${address.host}:${address.port} ${words}. See DB_CONNECTION_STRING.`,
    );
  },
);
