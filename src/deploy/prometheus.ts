import { type AlertTiming, alertTiming, scaledTiming } from "../observatory/objectives/alert-timing.ts";
import type { ObjectiveDefinition } from "../observatory/objectives/objective.ts";
import { scaledSaturation } from "../observatory/objectives/saturation.ts";
import { saturations } from "../observatory/objectives/saturations.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import type { RuleGroup } from "./alert-rule.ts";
import { objectiveRules } from "./objective-rules.ts";
import { platformRules } from "./platform-rules.ts";
import { type RenderedFile, yamlFile } from "./rendered-file.ts";
import { saturationRule } from "./saturation-rules.ts";

export interface PrometheusOptions {
  readonly services: readonly Pick<ServiceDeclaration, "name" | "rpc">[];
  readonly objectives: readonly ObjectiveDefinition[];
  /** `host:port`. */
  readonly alertmanager?: string;
  /** Where runbooks are, in alerts: a path in the repository, or the address that it is read at. */
  readonly runbooks?: string;
  /** The Observatory's own unless a test shortens it. */
  readonly timing?: AlertTiming;
  readonly evaluationSeconds?: number;
  /** How many times as fast as usual alerts are raised and cleared: see `OBSERVATORY_TIME_SCALE`. */
  readonly timeScale?: number;
}

/** Of resources, what becomes labels of every series, beside `job` and `instance`. */
const promoted = [
  "service.name",
  "service.namespace",
  "service.instance.id",
  "service.criticality",
  // What the Collector measures: without these, two tables would be one series.
  "host.name",
  "container.name",
  "kafka.cluster.alias",
  "postgresql.database.name",
  "postgresql.table.name",
  "postgresql.index.name",
] as const;
export type PromotedAttribute = (typeof promoted)[number];

/** What Prometheus is started with: objectives as the Observatory judges them, and alerts on the platform. */
export function prometheusFiles(options: PrometheusOptions): readonly RenderedFile[] {
  const { services, objectives, alertmanager = "alertmanager:9093", runbooks = "docs/runbooks" } = options;
  const { timeScale = 1, evaluationSeconds = 10 / timeScale } = options;
  const timing = scaledTiming(options.timing ?? alertTiming, timeScale);
  const configuration = {
    global: { evaluation_interval: `${evaluationSeconds}s` },
    rule_files: ["rules/*.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    otlp: {
      translation_strategy: "UnderscoreEscapingWithSuffixes",
      keep_identifying_resource_attributes: true,
      promote_resource_attributes: promoted,
    },
    // Metrics of a service that could not send for a while come late, and several senders are not in step.
    storage: { tsdb: { out_of_order_time_window: "30m" } },
  };
  const rules = (groups: readonly RuleGroup[]) => ({ groups });
  return [
    yamlFile("otel/prometheus/prometheus.yml", "src/deploy/prometheus.ts", configuration),
    yamlFile(
      "otel/prometheus/rules/objectives.yml",
      "src/observatory/objectives/shop-objectives.ts",
      rules(objectives.map((objective) => objectiveRules(objective, { services, timing, runbooks }))),
    ),
    yamlFile(
      "otel/prometheus/rules/saturations.yml",
      "src/observatory/objectives/saturations.ts",
      rules([
        {
          name: "saturations",
          rules: saturations.map((each) => saturationRule(scaledSaturation(each, timeScale), { runbooks, ...timing })),
        },
      ]),
    ),
    yamlFile(
      "otel/prometheus/rules/platform.yml",
      "src/deploy/platform-rules.ts",
      rules([platformRules({ runbooks })]),
    ),
  ];
}
