import { brokers, type Environment } from "../config/environment.ts";
import type { EventLog } from "../events/event-log.ts";
import { eventLogMigrations, eventLogSchema, postgresEventLog } from "../events/postgres-event-log.ts";
import { createLogger, type Logger } from "../logging/logger.ts";
import { openDatabase } from "../sql/database.ts";
import type { Databases } from "./databases.ts";
import type { ServiceDeclaration } from "./service.ts";

/** An event log, and what telemetry calls the system behind it. */
export interface NamedEventLog {
  readonly log: EventLog;
  readonly system: "kafka" | "postgresql";
}

/** Kafka when KAFKA_ADDR names its brokers, else the log in PostgreSQL. */
export async function openEventLog(options: {
  readonly environment: Environment;
  readonly databases: Databases;
  readonly clientId: string;
  readonly log: Logger;
  readonly stopping?: AbortSignal;
}): Promise<NamedEventLog> {
  const { environment, databases, clientId, log, stopping } = options;
  const addresses = brokers(environment, "KAFKA_ADDR");
  if (addresses !== undefined) {
    // Loaded only here: the client takes half a second and 40 MB, which a shop without Kafka need not spend.
    const { kafkaEventLog } = await import("../events/kafka-event-log.ts");
    return { log: kafkaEventLog({ brokers: addresses, clientId, log }), system: "kafka" };
  }
  const schema = eventLogSchema;
  const database = await openDatabase({
    address: await databases.addressFor(schema),
    schema,
    migrations: eventLogMigrations,
    poolSize: 10,
    applicationName: schema,
    log,
    signal: stopping,
  });
  return { log: postgresEventLog(database, log), system: "postgresql" };
}

/** Makes the event log in PostgreSQL one that services of several roles read and write. */
export async function shareEventLog(databases: Databases, services: readonly ServiceDeclaration[]): Promise<void> {
  const roles: string[] = [];
  for (const { schema, publishes, consumes } of services) {
    if (schema === undefined || (publishes === undefined && consumes === undefined)) continue;
    roles.push((await databases.addressFor(schema)).username);
  }
  const events = await openDatabase({
    address: await databases.addressFor(eventLogSchema),
    schema: eventLogSchema,
    migrations: eventLogMigrations,
    poolSize: 1,
    applicationName: eventLogSchema,
    log: createLogger({ level: "silent" }),
  });
  try {
    const to = roles.map((role) => `"${role}"`).join(", ");
    await events.sql.begin(async (tx) => {
      // Two at the same time would change the same rows of the catalogue.
      await tx`select pg_advisory_xact_lock(hashtext('orrery share events'))`;
      await tx.unsafe(`grant usage, create on schema "${eventLogSchema}" to ${to}`);
      await tx.unsafe(`grant all on all tables in schema "${eventLogSchema}" to ${to}`);
    });
  } finally {
    await events.close();
  }
}
