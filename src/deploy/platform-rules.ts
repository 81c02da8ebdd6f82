import { type AlertRule, promDuration, type RuleGroup } from "./alert-rule.ts";
import { hostMetric } from "./grafana/engine-metrics.ts";
import { prometheusName, selector, seriesName } from "./prometheus-names.ts";

/**
 * How much counters have risen. A series that was not there counts from nothing, which `increase` does not see: a
 * counter of failures comes into being with the first. No counter falls, for every start is an instance of its own.
 */
function rise(counter: string, window: string): string {
  return `(${counter} - (${counter} offset ${window} or ${counter} * 0))`;
}

/** Alerts on what the shop runs on that only Prometheus can tell. */
export function platformRules({ runbooks }: { readonly runbooks: string }): RuleGroup {
  const rule = (
    alert: string,
    seconds: number,
    rest: Pick<AlertRule, "expr" | "labels"> & Omit<AlertRule["annotations"], "runbook_url">,
  ): AlertRule => {
    const { expr, labels, summary, description } = rest;
    const annotations = { summary, description, runbook_url: `${runbooks}/${alert}.md` };
    return { alert, expr, ...(seconds === 0 ? {} : { for: promDuration(seconds) }), labels, annotations };
  };
  const service = "{{ $labels.service_name }}";
  const lost = (signal: "span" | "log") =>
    rise(`${prometheusName(`otel.sdk.processor.${signal}.processed`)}${selector({ "error.type": { not: "" } })}`, "5m");
  const running = `${prometheusName("process.cpu.time")}${selector({ "cpu.mode": "user" })}`;
  const seen = (window: string) => `count by (service_name) (last_over_time(${running}[${window}]))`;

  // The Collector's own names, https://opentelemetry.io/docs/collector/internal-telemetry/. It sends them to itself.
  const given = ["send", "enqueue"].flatMap((attempt) =>
    ["spans", "metric_points", "log_records"].map((what) => ({ attempt, what })),
  );
  const alive = (window: string) =>
    `count by (service_name) (last_over_time(otelcol_process_uptime_seconds_total[${window}]))`;

  return {
    name: "platform",
    rules: [
      rule("order-refunds", 0, {
        expr: [
          `sum(${rise(prometheusName("demo.payment.refunds"), "10m")})`,
          ">=",
          `clamp_min(0.05 * sum(${rise(prometheusName("demo.payment.transactions"), "10m")}), 3)`,
        ].join("\n"),
        labels: { severity: "ticket", team: "orders", service: "checkout" },
        summary: "Charges are given back",
        description:
          "{{ $value }} charges were given back in ten minutes, more than one in twenty: orders fail after they are paid.",
      }),
      rule("telemetry-lost", 0, {
        expr: [
          `sum by (service_name, otel_component_type, error_type) (${lost("span")}) > 0`,
          "or",
          `sum by (service_name, otel_component_type, error_type) (${lost("log")}) > 0`,
        ].join("\n"),
        labels: { severity: "ticket", team: "platform", service },
        summary: "Telemetry is lost on its way",
        description:
          "{{ $value }} spans or log records did not leave {{ $labels.otel_component_type }} in five minutes: {{ $labels.error_type }}.",
      }),
      rule("collector-dropping", 0, {
        expr: given
          .map(({ attempt, what }) => {
            const lost = rise(`otelcol_exporter_${attempt}_failed_${what}_total`, "5m");
            return `label_replace(sum by (exporter) (${lost}) > 0, "lost", "${attempt}_failed_${what}", "", "")`;
          })
          .join("\nor\n"),
        labels: { severity: "ticket", team: "platform", service: "otelcol-contrib" },
        summary: "The Collector gives up telemetry",
        description: "{{ $value }} did not reach {{ $labels.exporter }} in five minutes: {{ $labels.lost }}.",
      }),
      rule("collector-queue", 60, {
        expr: "max by (exporter, data_type) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.8",
        labels: { severity: "ticket", team: "platform", service: "otelcol-contrib" },
        summary: "A queue of the Collector is nearly full",
        description:
          "The queue of {{ $labels.exporter }} for {{ $labels.data_type }} is full to {{ $value | humanizePercentage }}: what comes when it is full is lost.",
      }),
      rule("collector-down", 0, {
        // A mesh without one has never heard of it.
        expr: `${alive("6h")} unless ${alive("2m")}`,
        labels: { severity: "page", team: "platform", service: "otelcol-contrib" },
        summary: "The Collector is silent",
        description:
          "The Collector has told nothing of itself for two minutes: traces, metrics and records do not arrive, and alerts on them cannot fire.",
      }),
      rule("disk-full", 300, {
        // A disk is mounted in many places, in a container in more.
        expr: `max by (host_name, device) (${seriesName(hostMetric.filesystem)}) > 0.9`,
        labels: { severity: "page", team: "platform", service: "{{ $labels.host_name }}" },
        summary: "A disk is nearly full",
        description:
          "{{ $labels.device }} of {{ $labels.host_name }} is full to {{ $value | humanizePercentage }}: stores that find no room refuse what is to be written.",
      }),
      rule("restarts", 0, {
        // More have ended than run now, three at least: a roll-out ends each once.
        expr: [`${seen("15m")} - ${seen("2m")} >= 3`, "and", `${seen("15m")} > 2 * ${seen("2m")}`].join("\n"),
        labels: { severity: "page", team: "platform", service },
        summary: "Processes keep ending",
        description: `{{ $value }} processes have ended in a quarter of an hour, more than run now.`,
      }),
    ],
  };
}
