import { SeverityNumber } from "@opentelemetry/api";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import { choice, type Environment } from "../config/environment.ts";
import type { FlagObserver } from "../flags/service-flags.ts";
import type { Telemetry } from "./telemetry.ts";

/** What ORRERY_FLAG_TELEMETRY takes. */
export const flagTelemetry = { fallback: "active", of: ["active", "all", "off"] } as const;

/**
 * Tells of evaluations by OpenTelemetry's conventions for feature flags
 * (https://opentelemetry.io/docs/specs/semconv/feature-flags/): an event within the trace, and a count.
 *
 * ORRERY_FLAG_TELEMETRY says of which: those of flags that are not at rest (`active`), of `all`, or none (`off`), for
 * who looks for a fault shall not find its name. Where flags have opaque names nothing is told of them.
 */
export function flagObservation(
  environment: Environment,
  telemetry: Telemetry | undefined,
): { readonly observer?: FlagObserver } {
  const which = choice(environment, "ORRERY_FLAG_TELEMETRY", flagTelemetry);
  if (which === "off" || telemetry === undefined) return {};
  const evaluations = telemetry.meter.createCounter(metric.featureFlagEvaluations.name, metric.featureFlagEvaluations);
  return {
    observer: {
      wantsResting: which === "all",
      evaluated({ key, value, variant, reason, errorCode, context }) {
        const which = {
          [attribute.featureFlagKey]: key,
          [attribute.featureFlagProviderName]: "flagd",
          ...(variant === undefined ? {} : { [attribute.featureFlagResultVariant]: variant }),
          ...(reason === undefined ? {} : { [attribute.featureFlagResultReason]: reason.toLowerCase() }),
          ...(errorCode === undefined ? {} : { [attribute.errorType]: errorCode.toLowerCase() }),
        };
        evaluations.add(1, which);
        telemetry.logger.emit({
          eventName: event.featureFlagEvaluation,
          severityNumber: SeverityNumber.INFO,
          severityText: "INFO",
          body: "Flag evaluated",
          attributes: {
            ...which,
            [attribute.featureFlagResultValue]: String(value),
            ...(context.targetingKey === undefined ? {} : { [attribute.featureFlagContextId]: context.targetingKey }),
          },
        });
      },
    },
  };
}
