import { type RenderedFile, yamlFile } from "../rendered-file.ts";
import { placeholder } from "./placeholder.ts";
import { entryQuantile, entryRate, failedEntryRate } from "./promql.ts";

/** The uids of the OpenTelemetry Demo, so that dashboards made for it find what they ask. */
export const datasource = {
  metrics: { type: "prometheus", uid: "webstore-metrics" },
  traces: { type: "jaeger", uid: "webstore-traces" },
  logs: { type: "loki", uid: "webstore-logs" },
  alerts: { type: "alertmanager", uid: "webstore-alerts" },
} as const;

/** How often metrics are exported, in seconds: OTEL_METRIC_EXPORT_INTERVAL of the deployments. */
export const exportSeconds = 10;

/** Where Grafana finds what it asks, by the names of containers. */
export function datasourceFiles(): readonly RenderedFile[] {
  const jump = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };
  // The instance whose span is looked at. A dollar is doubled where Grafana shall see one: single ones are the environment's.
  const instance = { where: { "service.instance.id": "of the span" }, window: "1m" };
  const ofSpan = (query: string) => query.replaceAll('service_instance_id="of the span"', () => "$$__tags");
  const configuration = {
    apiVersion: 1,
    // What is provisioned comes from here alone: a source that is gone here is gone there.
    prune: true,
    datasources: [
      {
        ...datasource.metrics,
        name: "Prometheus",
        url: "http://prometheus:9090",
        isDefault: true,
        jsonData: {
          httpMethod: "POST",
          prometheusType: "Prometheus",
          timeInterval: `${exportSeconds}s`,
          exemplarTraceIdDestinations: [
            { name: "trace_id", datasourceUid: datasource.traces.uid, urlDisplayLabel: "The trace" },
          ],
          manageAlerts: true,
          alertmanagerUid: datasource.alerts.uid,
        },
      },
      {
        ...datasource.traces,
        name: "Jaeger",
        url: "http://jaeger:16686/jaeger/ui",
        jsonData: {
          nodeGraph: { enabled: true },
          traceIdTimeParams: { enabled: true },
          tracesToLogsV2: {
            ...jump,
            datasourceUid: datasource.logs.uid,
            customQuery: true,
            // All services' records of the trace: what went wrong is seldom said by the span that shows it.
            query: `{service_name=~".+"} | trace_id="$${placeholder("__trace.traceId")}"`,
          },
          tracesToMetrics: {
            ...jump,
            datasourceUid: datasource.metrics.uid,
            // Jaeger keeps the service's name apart from a span's tags, but not its instance.
            tags: [{ key: "service.instance.id", value: "service_instance_id" }],
            queries: [
              { name: "Requests", query: ofSpan(entryRate(instance)) },
              { name: "Failures", query: ofSpan(failedEntryRate(instance)) },
              { name: "95th percentile", query: ofSpan(entryQuantile(0.95, instance)) },
            ],
          },
        },
      },
      {
        ...datasource.logs,
        name: "Loki",
        url: "http://loki:3100",
        jsonData: {
          maxLines: 1_000,
          derivedFields: [
            {
              name: "Trace",
              matcherType: "label",
              matcherRegex: "trace_id",
              url: `$${placeholder("__value.raw")}`,
              datasourceUid: datasource.traces.uid,
              urlDisplayLabel: "The trace",
            },
          ],
        },
      },
      {
        ...datasource.alerts,
        name: "Alertmanager",
        url: "http://alertmanager:9093",
        jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
      },
    ].map((one) => ({ ...one, access: "proxy", editable: false })),
  };
  return [
    yamlFile(
      "otel/grafana/provisioning/datasources/datasources.yaml",
      "src/deploy/grafana/datasources.ts",
      configuration,
    ),
  ];
}
