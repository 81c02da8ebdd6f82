/**
 * How telemetry is set unless the environment says otherwise, where that depends on who takes it.
 *
 * @param options.isEmbedded whether somebody takes it within the process: samples are thinned out for a store beside the
 *   shop, and sent to it more often
 */
export function defaultSettings({ isEmbedded }: { readonly isEmbedded: boolean }) {
  return {
    OTEL_TRACES_SAMPLER: isEmbedded ? "parentbased_rate_limited" : "parentbased_always_on",
    OTEL_METRIC_EXPORT_INTERVAL: isEmbedded ? "5000" : "60000",
  } as const;
}
