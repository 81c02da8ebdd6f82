import { onTestFinished } from "vitest";
import { createLogger } from "../src/platform/logging/logger.ts";
import { type Database, openDatabase } from "../src/platform/sql/database.ts";
import { createTestDatabase } from "../src/platform/sql/testing.ts";

/** Log of parts under test: what they complain about is expected. */
export const silentLog = createLogger({ level: "silent" });

/** A service's schema in an empty database of the test's own, gone when the test ends. */
export async function storeDatabase(options: {
  readonly schema: string;
  readonly migrations: URL;
  readonly poolSize?: number;
}): Promise<Database> {
  const { schema, migrations, poolSize = 6 } = options;
  const server = await createTestDatabase();
  const database = await openDatabase({
    address: server.connection,
    schema,
    migrations,
    poolSize,
    applicationName: schema,
    log: silentLog,
  });
  onTestFinished(async () => {
    await database.close();
    await server.drop();
  });
  return database;
}
