import type { Counter, Histogram } from "@opentelemetry/api";
import { attribute, metric } from "../../gen/telemetry/registry.ts";
import { AttributeSets } from "../platform/telemetry/attribute-sets.ts";
import { durationBuckets } from "../platform/telemetry/buckets.ts";
import type { Telemetry } from "../platform/telemetry/telemetry.ts";

/** What the load generator measures about itself, under the names of the registry. */
export interface LoadInstruments {
  readonly duration: Histogram;
  readonly tasks: Counter;
  readonly failedChecks: Counter;
  readonly dropped: Counter;
  /** The attributes of a request's duration. */
  readonly outcomes: AttributeSets<
    [method: string, template: string, status: number | undefined, errorType: string | undefined]
  >;
}

/** @param options.server host of the target */
export function loadInstruments({ meter }: Telemetry, { server }: { readonly server: string }): LoadInstruments {
  return {
    duration: meter.createHistogram(metric.httpClientRequestDuration.name, {
      ...metric.httpClientRequestDuration,
      advice: { explicitBucketBoundaries: durationBuckets },
    }),
    tasks: meter.createCounter(metric.demoLoadTasks.name, metric.demoLoadTasks),
    failedChecks: meter.createCounter(metric.demoLoadChecksFailed.name, metric.demoLoadChecksFailed),
    dropped: meter.createCounter(metric.demoLoadArrivalsDropped.name, metric.demoLoadArrivalsDropped),
    outcomes: new AttributeSets((method, template, status, errorType) => ({
      [attribute.httpRequestMethod]: method,
      [attribute.serverAddress]: server,
      [attribute.urlTemplate]: template,
      ...(status === undefined ? {} : { [attribute.httpResponseStatusCode]: status }),
      ...(errorType === undefined ? {} : { [attribute.errorType]: errorType }),
    })),
  };
}
