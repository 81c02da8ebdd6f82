import type { Histogram, Meter } from "@opentelemetry/api";

/** Of statements and commands alike, whatever the store: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/ */
export function databaseDuration(meter: Meter): Histogram {
  return meter.createHistogram("db.client.operation.duration", {
    description: "Duration of database statements",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
  });
}
