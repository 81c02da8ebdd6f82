import { event, metric } from "../../../../gen/telemetry/registry.ts";
import { type Dashboard, line, toService } from "../dashboard.ts";
import { recordsOf } from "../logql.ts";
import { chart, colour, records, stat, table, timeline } from "../panel.ts";
import { failedEntryRate, increase, orZero, rate } from "../promql.ts";
import { logql, promql } from "../query.ts";

const evaluations = metric.featureFlagEvaluations;
const byVariant = ["feature_flag.key", "feature_flag.result.variant"] as const;

export const flagsAndFaults: Dashboard = {
  uid: "orrery-flags",
  title: "Flags and faults",
  description: "Which flags are not at rest, who heeds them, when they were changed, and what followed.",
  sections: [
    {
      lines: [
        line(
          6,
          [
            4,
            stat({
              title: "Not at rest",
              description: "Flags that services evaluated lately and that are not at rest. 0 is normal.",
              unit: "none",
              thresholds: { watch: 1 },
              queries: [
                promql("A", orZero(`count(${rate(evaluations, { by: ["feature_flag.key"], window: "1m" })} > 0)`)),
              ],
            }),
          ],
          [
            20,
            table({
              title: "Evaluated",
              description: "How often each variant was given out in the time that is shown, and to whom.",
              unit: "locale",
              quiet: "all flags are at rest",
              queries: [
                promql("A", `${increase(evaluations, { by: [...byVariant, "service.name"] })} > 0`, {
                  instant: true,
                  format: "table",
                }),
              ],
              columns: [
                { field: "feature_flag_key", name: "Flag" },
                { field: "feature_flag_result_variant", name: "Variant" },
                { field: "service_name", name: "Service" },
                { field: "Value", name: "Evaluations" },
              ],
            }),
          ],
        ),
        line(
          8,
          [
            12,
            chart({
              title: "Evaluations",
              description: "Evaluations per second of flags that are not at rest, by flag and variant.",
              unit: "reqps",
              quiet: "all flags are at rest",
              queries: [
                promql("A", rate(evaluations, { by: byVariant }), {
                  legend: "{{feature_flag_key}}: {{feature_flag_result_variant}}",
                }),
              ],
            }),
          ],
          [
            12,
            chart({
              title: "Failures",
              description: "Failed calls and requests per second, by service: what a fault brings about.",
              unit: "reqps",
              quiet: "nothing fails",
              queries: [promql("A", failedEntryRate({ by: ["service.name"] }), { legend: "{{service_name}}" })],
              valueLinks: [toService()],
            }),
          ],
        ),
        line(
          9,
          [
            12,
            timeline({
              title: "Alerts",
              description: "When alerts were raised, to be compared with when flags were changed.",
              unit: "none",
              quiet: "no alert was raised",
              mappings: [{ type: "value", options: { 1: { text: "raised", color: colour.bad } } }],
              queries: [promql("A", 'max by (alertname) (ALERTS{alertstate="firing"})', { legend: "{{alertname}}" })],
            }),
          ],
          [
            12,
            records({
              title: "Changes",
              description:
                "Changes of flags and of configuration, deployments, and services that became unable to serve.",
              query: logql(
                "A",
                recordsOf({ event: [event.configurationChange, event.serviceDeployment, event.serviceNotReady] }),
                { limit: 100 },
              ),
            }),
          ],
        ),
      ],
    },
  ],
};
