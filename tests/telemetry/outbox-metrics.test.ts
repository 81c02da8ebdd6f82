import { expect, onTestFinished, test } from "vitest";
import { metric } from "../../gen/telemetry/registry.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { openDatabase } from "../../src/platform/sql/database.ts";
import { createTestDatabase } from "../../src/platform/sql/testing.ts";
import { observeOutbox } from "../../src/platform/telemetry/outbox-metrics.ts";
import { startTelemetry } from "../../src/platform/telemetry/telemetry-host.ts";
import { orderMigrations } from "../../src/services/checkout/store-postgres.ts";
import { Captured } from "./captured.ts";

test("what was written before the clock was put back is as old as new, never younger", async () => {
  const { connection, drop } = await createTestDatabase();
  onTestFinished(drop);
  const database = await openDatabase({
    address: connection,
    schema: "checkout",
    migrations: orderMigrations,
    poolSize: 2,
    applicationName: "outbox-metrics.test",
    log: createLogger({ level: "silent" }),
  });
  onTestFinished(() => database.close());
  const captured = new Captured();
  const host = await startTelemetry({ environment: {}, version: "1", sinks: [captured] });
  onTestFinished(() => host.stop());
  observeOutbox(database, host.forService({ name: "checkout" }), ["ahead", "behind", "empty"]);
  await database.sql`
    insert into outbox (topic, key, value, headers, created_at) values
      ('ahead', 'a', '', '{}', now() + interval '2 hours'),
      ('behind', 'a', '', '{}', now() + interval '2 hours'),
      ('behind', 'b', '', '{}', now() - interval '2 hours')`;
  await host.flush();

  const ages = new Map(
    captured
      .metrics()
      .filter(({ name }) => name === metric.demoOutboxAge.name)
      .flatMap(({ points }) => points)
      .map((point) => [point.attributes.get("demo.outbox.topic"), point.value]),
  );
  expect(ages.get("ahead")).toBe(0);
  expect(ages.get("behind")).toBeGreaterThanOrEqual(7_200);
  expect(ages.get("empty")).toBe(0);
});
