import { metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, panelLink, toService } from "../dashboard.ts";
import { spanMetric } from "../engine-metrics.ts";
import { recordRate } from "../logql.ts";
import { chart, colour, stat, table } from "../panel.ts";
import { cell } from "../placeholder.ts";
import { gauge, orZero, rate } from "../promql.ts";
import { logql, promql } from "../query.ts";
import { runbookUrl } from "./runbooks.ts";

const lost = { "error.type": { not: "" } } as const;
const sent = { "error.type": "" } as const;
const lostRunbook = [panelLink("Runbook", runbookUrl("telemetry-lost"))];

export const telemetry: Dashboard = {
  uid: "orrery-telemetry",
  title: "Telemetry",
  description: "Whether what the other dashboards show is all there is: what services send, what waits, what is lost.",
  sections: [
    {
      lines: [
        line(
          4,
          [
            6,
            stat({
              title: "Services that tell",
              description:
                "Services whose metrics arrive now. Fewer than run is bad: one is away, or its telemetry is.",
              unit: "none",
              graph: false,
              queries: [promql("A", "count(count by (service_name) (target_info))", { instant: true })],
            }),
          ],
          [
            6,
            stat({
              title: "Spans lost",
              description: "Spans a second that did not get out of a service. 0 is normal.",
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(rate(metric.otelSdkProcessorSpanProcessed, { where: lost })))],
              links: lostRunbook,
            }),
          ],
          [
            6,
            stat({
              title: "Records lost",
              description: "Log records a second that did not get out of a service. 0 is normal.",
              unit: "reqps",
              thresholds: { bad: 0.001 },
              queries: [promql("A", orZero(rate(metric.otelSdkProcessorLogProcessed, { where: lost })))],
              links: lostRunbook,
            }),
          ],
          [
            6,
            stat({
              title: "Series",
              description:
                "Series that Prometheus holds of all that arrives. It grows with services and instances, and must not grow with visitors.",
              unit: "locale",
              decimals: 0,
              queries: [promql("A", 'count({__name__!=""})')],
            }),
          ],
        ),
      ],
    },
    {
      title: "Out of the services",
      lines: [
        line(
          8,
          [
            6,
            chart({
              title: "Spans",
              description: "Spans handed on to an exporter, per second.",
              unit: "reqps",
              queries: [
                promql("A", rate(metric.otelSdkProcessorSpanProcessed, { where: sent, by: ["otel.component.type"] }), {
                  legend: "{{otel_component_type}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Log records",
              description: "Log records handed on to an exporter, per second.",
              unit: "reqps",
              queries: [
                promql("A", rate(metric.otelSdkProcessorLogProcessed, { where: sent, by: ["otel.component.type"] }), {
                  legend: "{{otel_component_type}}",
                }),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Queues",
              description: "How full the fullest queue of spans and of log records is. A full one loses what comes.",
              unit: "percentunit",
              max: 1,
              thresholds: { watch: 0.5, bad: 0.9 },
              queries: [
                promql(
                  "spans",
                  `max(${gauge("sum", metric.otelSdkProcessorSpanQueueSize, { by: ["service.instance.id", "otel.component.name"] })} / ${gauge("sum", metric.otelSdkProcessorSpanQueueCapacity, { by: ["service.instance.id", "otel.component.name"] })})`,
                  { legend: "spans", color: colour.neutral },
                ),
                promql(
                  "records",
                  `max(${gauge("sum", metric.otelSdkProcessorLogQueueSize, { by: ["service.instance.id", "otel.component.name"] })} / ${gauge("sum", metric.otelSdkProcessorLogQueueCapacity, { by: ["service.instance.id", "otel.component.name"] })})`,
                  { legend: "records", color: colour.second },
                ),
              ],
            }),
          ],
          [
            6,
            chart({
              title: "Lost on the way",
              description:
                "Spans and log records that no exporter could send, per second, by reason. Nothing is normal.",
              unit: "reqps",
              quiet: "nothing is lost",
              queries: [
                promql("spans", rate(metric.otelSdkProcessorSpanProcessed, { where: lost, by: ["error.type"] }), {
                  legend: "spans: {{error_type}}",
                }),
                promql("records", rate(metric.otelSdkProcessorLogProcessed, { where: lost, by: ["error.type"] }), {
                  legend: "records: {{error_type}}",
                }),
              ],
              links: lostRunbook,
            }),
          ],
        ),
      ],
    },
    {
      title: "Into the backends",
      lines: [
        line(
          9,
          [
            8,
            table({
              title: "Latest metrics",
              description:
                "How long ago each service's metrics came last. Much more than an export's time is a service that is away.",
              unit: "s",
              sortBy: "Ago",
              queries: [promql("ago", "time() - max by (service_name) (timestamp(target_info))")],
              columns: [
                { field: "service_name", name: "Service", links: [toService(cell)] },
                {
                  field: "Value",
                  name: "Ago",
                  unit: "s",
                  decimals: 0,
                  width: 100,
                  thresholds: { watch: 60, bad: 180 },
                },
              ],
            }),
          ],
          [
            8,
            chart({
              title: "Spans by service",
              description:
                "Spans per second that the Collector has seen, by service. Under heavy load they are a sample.",
              unit: "reqps",
              stacked: true,
              queries: [promql("A", rate(spanMetric.calls, { by: ["service.name"] }), { legend: "{{service_name}}" })],
            }),
          ],
          [
            8,
            chart({
              title: "Log records by service",
              description: "Log records per second in Loki, by service.",
              unit: "reqps",
              stacked: true,
              queries: [logql("A", recordRate({}, ["service.name"]), { legend: "{{service_name}}" })],
            }),
          ],
        ),
        line(8, [
          24,
          chart({
            title: "Series by service",
            description:
              "Series that each service has. One that climbs without end has an attribute with too many values.",
            unit: "locale",
            decimals: 0,
            legend: "table",
            queries: [promql("A", 'count by (service_name) ({service_name!=""})', { legend: "{{service_name}}" })],
          }),
        ]),
      ],
    },
  ],
};
