import { metric } from "../../gen/telemetry/registry.ts";
import type { SaturationDefinition, Unit } from "../observatory/objectives/saturation.ts";
import { type AlertRule, promDuration } from "./alert-rule.ts";
import { labelName, type Matcher, prometheusName, selector } from "./prometheus-names.ts";
import { teamOfSaturation } from "./teams.ts";

/** How Prometheus writes the value of an alert. */
const written: Readonly<Record<Unit, string>> = {
  count: "{{ $value }}",
  share: "{{ $value | humanizePercentage }}",
  seconds: "{{ $value | humanizeDuration }}",
  times: '{{ $value | printf "%.1f" }} times',
  cores: '{{ $value | printf "%.2f" }}',
};

/** An alert on what runs short, as the Observatory raises it by itself; by service and what else tells it apart. */
export function saturationRule(
  definition: SaturationDefinition,
  { runbooks, clearAfterSeconds }: { readonly runbooks: string; readonly clearAfterSeconds: number },
): AlertRule {
  const { name, forSeconds, severity, summary, description, unit } = definition;
  const label = (attribute: string) => `{{ $labels.${labelName(attribute)} }}`;
  const told = { service: label("service.name"), value: written[unit], label };
  return {
    alert: name,
    expr: expression(definition),
    for: promDuration(forSeconds),
    keep_firing_for: promDuration(clearAfterSeconds),
    labels: { severity, team: teamOfSaturation(name), service: told.service },
    annotations: {
      summary: summary(told),
      description: description(told),
      runbook_url: `${runbooks}/${name}.md`,
    },
  };
}

function expression(definition: SaturationDefinition): string {
  const { metric: name, attributes = {}, except, reading, by, limit } = definition;
  const isHistogram = Object.values(metric).some((each) => each.name === name && each.instrument === "histogram");
  const matchers: Record<string, Matcher> = {
    ...attributes,
    ...(except === undefined ? {} : { "service.name": { not: except } }),
  };
  const series = `${prometheusName(name)}${isHistogram ? "_count" : ""}${
    Object.keys(matchers).length === 0 ? "" : selector(matchers)
  }`;
  const of = `by (${["service.name", ...by].map(labelName).join(", ")})`;
  const beyond = "above" in limit ? `> ${limit.above}` : `< ${limit.below}`;
  switch (reading.kind) {
    case "value":
      return `${"above" in limit ? "max" : "min"} ${of} (${series}) ${beyond}`;
    case "rate":
      return `sum ${of} (rate(${series}[${promDuration(reading.windowSeconds)}])) ${beyond}`;
    default: {
      const window = promDuration(reading.windowSeconds);
      const rate = `sum ${of} (rate(${series}[${window}]))`;
      const before = `${promDuration(reading.beforeSeconds)}:${window}] offset ${window}`;
      return [
        `${rate} / quantile_over_time(0.5, (${rate})[${before}) ${beyond}`,
        "and",
        `${rate} >= ${reading.leastRate}`,
      ].join("\n");
    }
  }
}
