import { type Attributes, context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Valkey } from "../valkey/valkey.ts";
import { AttributeSets } from "./attribute-sets.ts";
import { databaseDuration } from "./database-duration.ts";
import type { Telemetry } from "./telemetry.ts";

// Conventions, which have no name of Valkey's own: https://opentelemetry.io/docs/specs/semconv/db/redis/

/** The same connection, with a span around each command that is part of a trace, and `db.client.operation.duration`. */
export function tracedValkey(inner: Valkey, { tracer, meter, isUnsampled }: Telemetry): Valkey {
  const duration = databaseDuration(meter);
  const outcomes = new AttributeSets(
    (operation: string, failure: string | undefined): Attributes => ({
      "db.system.name": "redis",
      "db.operation.name": operation,
      "db.query.summary": operation,
      ...(failure === undefined ? {} : { "error.type": failure }),
    }),
  );
  return {
    ...inner,
    async send(command) {
      const operation = String(command[0]);
      const active = context.active();
      const span =
        trace.getSpan(active) === undefined || isUnsampled(active)
          ? undefined
          : tracer.startSpan(
              operation,
              { kind: SpanKind.CLIENT, attributes: outcomes.of(operation, undefined) },
              active,
            );
      const begun = performance.now();
      let failure: string | undefined;
      try {
        return await inner.send(command);
      } catch (error) {
        failure = error instanceof Error ? error.name : "unknown";
        span?.setAttribute("error.type", failure);
        span?.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span?.end();
        duration.record((performance.now() - begun) / 1_000, outcomes.of(operation, failure), active);
      }
    },
  };
}
