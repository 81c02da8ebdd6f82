import { metric } from "../../../gen/telemetry/registry.ts";
import type { Database } from "../sql/database.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * Measures what waits in an outbox, and for how long; see src/platform/sql/outbox.ts for the table. After a clock is put
 * back, what was written before is new until the clock has caught up.
 */
export function observeOutbox({ sql }: Database, { meter }: Telemetry, topics: readonly string[]): void {
  const entries = meter.createObservableGauge(metric.demoOutboxEntries.name, metric.demoOutboxEntries);
  const age = meter.createObservableGauge(metric.demoOutboxAge.name, metric.demoOutboxAge);
  meter.addBatchObservableCallback(
    async (result) => {
      const rows = await sql<{ topic: string; count: number; age: number }[]>`
        select topic, count(*)::int as count,
          greatest(extract(epoch from now() - min(created_at)), 0)::float8 as age
        from outbox where next_attempt_at < 'infinity' group by topic`;
      const waiting = new Map(rows.map((row) => [row.topic, row]));
      for (const topic of topics) {
        const { count, age: seconds } = waiting.get(topic) ?? { count: 0, age: 0 };
        result.observe(entries, count, { "demo.outbox.topic": topic });
        result.observe(age, seconds, { "demo.outbox.topic": topic });
      }
    },
    [entries, age],
  );
}
