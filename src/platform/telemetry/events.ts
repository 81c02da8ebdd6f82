import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { metric } from "../../../gen/telemetry/registry.ts";
import type { EventLog, EventRecord } from "../events/event-log.ts";
import { durationBuckets } from "./buckets.ts";
import type { Telemetry } from "./telemetry.ts";

// Messaging conventions: https://opentelemetry.io/docs/specs/semconv/messaging/

export interface EventTelemetryOptions {
  readonly telemetry: Telemetry;
  /** `kafka` or `postgresql`. */
  readonly system: string;
  /** Whether a consumer's span is a child of the producer's, beside the link that it always has. */
  readonly continueTraces: boolean;
}

/**
 * The same event log, with producer and consumer spans. A message carries its trace in its headers, from the
 * transaction that asked for it to every consumer.
 */
export function tracedEventLog(
  inner: EventLog,
  { telemetry: { tracer, meter, isUnsampled }, system, continueTraces }: EventTelemetryOptions,
): EventLog {
  const processDuration = meter.createHistogram("messaging.process.duration", {
    description: "Duration of handling a message",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const sent = meter.createCounter("messaging.client.sent.messages", {
    description: "Messages published",
    unit: "{message}",
  });
  const delay = meter.createHistogram("demo.event.delay", {
    description: "Time from a message's publication to its consumer",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });

  const lag = meter.createObservableGauge(metric.demoEventLag.name, metric.demoEventLag);

  return {
    async publish(events) {
      const spans: Span[] = [];
      const traced = events.map((event): EventRecord => {
        const parent = propagation.extract(ROOT_CONTEXT, event.headers);
        if (isUnsampled(parent)) return event;
        const span = tracer.startSpan(
          `${event.topic} publish`,
          {
            kind: SpanKind.PRODUCER,
            attributes: {
              "messaging.system": system,
              "messaging.destination.name": event.topic,
              "messaging.operation.name": "publish",
              "messaging.operation.type": "send",
              "demo.order.id": event.key,
            },
          },
          parent,
        );
        spans.push(span);
        const headers = { ...event.headers };
        propagation.inject(trace.setSpan(parent, span), headers);
        return { ...event, headers };
      });
      try {
        await inner.publish(traced);
        for (const { topic } of events) {
          sent.add(1, { "messaging.system": system, "messaging.destination.name": topic });
        }
      } catch (error) {
        for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        for (const span of spans) span.end();
      }
    },
    lag: (group, topic) => inner.lag(group, topic),
    consume(options) {
      const { handler, topic, group } = options;
      lag.addCallback(async (result) => {
        const about = { "messaging.destination.name": topic, "messaging.consumer.group.name": group };
        result.observe(await inner.lag(group, topic), about);
      });
      return inner.consume({
        ...options,
        async handler(event) {
          const remote = propagation.extract(ROOT_CONTEXT, event.headers);
          const origin = trace.getSpanContext(remote);
          const parent = continueTraces ? remote : trace.deleteSpan(remote);
          const attributes: Attributes = {
            "messaging.system": system,
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
          };
          const span = isUnsampled(parent)
            ? undefined
            : tracer.startSpan(
                `${topic} process`,
                {
                  kind: SpanKind.CONSUMER,
                  attributes: { ...attributes, "demo.order.id": event.key },
                  links: origin === undefined ? [] : [{ context: origin }],
                },
                parent,
              );
          const active = span === undefined ? parent : trace.setSpan(parent, span);
          const begun = performance.now();
          let failure: Attributes = {};
          if (event.attempt === 1) {
            delay.record(Math.max(0, (Date.now() - event.publishedAt.getTime()) / 1_000), {
              "messaging.destination.name": topic,
            });
          }
          try {
            await context.with(active, () => handler(event));
          } catch (error) {
            failure = { "error.type": error instanceof Error ? error.name : "unknown" };
            span?.setAttributes(failure);
            span?.setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            span?.end();
            processDuration.record((performance.now() - begun) / 1_000, { ...attributes, ...failure }, active);
          }
        },
      });
    },
    close: () => inner.close(),
  };
}
