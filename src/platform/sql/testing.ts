import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Socket of the test run's PostgreSQL server, as `tests/global-setup.ts` started it. */
    postgres: { socketDir: string; port: number };
  }
}

/** An empty database of a test's own. */
export interface TestDatabase {
  /** Options for postgres.js, as the superuser. */
  readonly connection: { host: string; port: number; database: string; username: string };
  /** Removes the database, sessions that are still open included. */
  drop(): Promise<void>;
}

/** Makes an empty database on the server that all tests of a run share. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { socketDir: host, port } = inject("postgres");
  const database = `test_${randomUUID().replaceAll("-", "")}`;
  await administer({ host, port }, `create database ${database}`);
  return {
    connection: { host, port, database, username: "postgres" },
    drop: () => administer({ host, port }, `drop database if exists ${database} with (force)`),
  };
}

async function administer(server: { host: string; port: number }, statement: string): Promise<void> {
  const sql = postgres({ ...server, database: "postgres", username: "postgres", max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}
