import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../src/platform/sql/embedded-postgres.ts";

/** One ephemeral PostgreSQL for the whole test run; each test makes its own database on it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startEmbeddedPostgres({ dataDir: "ephemeral", describeOwner: "tests" });
  project.provide("postgres", { socketDir: server.socketDir, port: server.port });
  return () => server.stop();
}
