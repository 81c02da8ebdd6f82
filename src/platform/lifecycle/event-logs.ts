import { brokers, type Environment } from "../config/environment.ts";
import type { EventLog } from "../events/event-log.ts";
import { eventLogMigrations, eventLogSchema, postgresEventLog } from "../events/postgres-event-log.ts";
import type { Logger } from "../logging/logger.ts";
import { openDatabase } from "../sql/database.ts";
import type { Databases } from "./databases.ts";

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
