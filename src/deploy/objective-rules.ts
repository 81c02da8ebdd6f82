import type { AlertTiming, BurnRatePolicy } from "../observatory/objectives/alert-timing.ts";
import type { Indicator, ObjectiveDefinition } from "../observatory/objectives/objective.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { durationBuckets } from "../platform/telemetry/buckets.ts";
import { type AlertRule, promDuration, type RecordingRule, type RuleGroup } from "./alert-rule.ts";
import { prometheusName, selector } from "./prometheus-names.ts";
import { teamOf } from "./teams.ts";

export interface ObjectiveRuleOptions {
  readonly services: readonly Pick<ServiceDeclaration, "name" | "rpc">[];
  readonly timing: AlertTiming;
  /** Where runbooks are. */
  readonly runbooks: string;
}

/**
 * The indicator of an objective over each window of the policies, as recording rules, and an alert for each policy. They
 * are named as those that the Observatory raises by itself.
 */
export function objectiveRules(objective: ObjectiveDefinition, options: ObjectiveRuleOptions): RuleGroup {
  const { policies } = options.timing;
  const windows = (of: (policy: BurnRatePolicy) => number[]) =>
    [...new Set(policies.flatMap(of))].sort((a, b) => a - b).map(promDuration);
  const labels = { objective: objective.name, service: objective.service };
  const series = indicatorSeries(objective, options.services);
  return {
    name: objective.name,
    rules: [
      ...windows((policy) => [policy.shortSeconds, policy.longSeconds]).map(
        (window): RecordingRule => ({
          record: badShareRecord(window),
          expr: series.badRatio(window),
          labels,
        }),
      ),
      ...windows((policy) => [policy.longSeconds]).map(
        (window): RecordingRule => ({
          record: `objective:events:increase${window}`,
          expr: series.events(window),
          labels,
        }),
      ),
      ...policies.map((policy) => alertRule(objective, policy, options)),
    ],
  };
}

/** The recorded share of an objective's events that were bad over a window. */
export function badShareRecord(window: string): string {
  return `objective:bad_events:ratio_rate${window}`;
}

/** An indicator in PromQL. */
export interface IndicatorSeries {
  /** How many events there were. */
  events(window: string): string;
  /** The share of them that was bad; nothing when there were none. */
  badRatio(window: string): string;
}

export function indicatorSeries(
  { name, service, indicator }: ObjectiveDefinition,
  services: ObjectiveRuleOptions["services"],
): IndicatorSeries {
  const { histogram, attributes, thresholdSeconds } = measured(name, service, indicator, services);
  const all = `${histogram}_count${selector(attributes)}`;
  const rate = (series: string, window: string) => `sum(rate(${series}[${window}]))`;
  return {
    events: (window) => `sum(increase(${all}[${window}]))`,
    badRatio(window) {
      const total = `(${rate(all, window)} > 0)`;
      if (thresholdSeconds !== undefined) {
        // As Prometheus writes a bound that came by OTLP: 1, where one that it fetched would be 1.0.
        const good = `${histogram}_bucket${selector({ ...attributes, le: String(thresholdSeconds) })}`;
        return `1 - ${rate(good, window)}\n/ ${total}`;
      }
      // A series of failures begins with the first: before, there is none.
      const bad = `${histogram}_count${selector({ ...attributes, "error.type": { not: "" } })}`;
      return `(${rate(bad, window)} or vector(0))\n/ ${total}`;
    },
  };
}

/** The histogram that has an indicator's events, which of its series they are, and what a good one does not exceed. */
function measured(
  objective: string,
  service: string,
  indicator: Indicator,
  services: ObjectiveRuleOptions["services"],
): {
  readonly histogram: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly thresholdSeconds?: number;
} {
  const refused = (why: string) => new Error(`The objective ${objective} cannot be had from metrics: ${why}.`);
  const thresholdIn = (seconds: number) => {
    if (!durationBuckets.includes(seconds)) throw refused(`no bucket ends at ${seconds} s`);
    return seconds;
  };
  if (indicator.kind === "delay") {
    return {
      histogram: prometheusName(indicator.metric),
      attributes: { "service.name": service, ...indicator.attributes },
      thresholdSeconds: thresholdIn(indicator.thresholdSeconds),
    };
  }
  const { kind, names = [] } = indicator.operations;
  const declared = services.find(({ name }) => name === service);
  if (kind !== "server" || declared === undefined) throw refused("it is not about a service's calls or requests");
  const isRpc = declared.rpc.length > 0;
  if (names.length > 1 || (names.length === 1 && !isRpc)) throw refused("it names operations other than one RPC");
  const [method] = names;
  const attributes = { "service.name": service, ...(method === undefined ? {} : { "rpc.method": method }) };
  const histogram = prometheusName(isRpc ? "rpc.server.call.duration" : "http.server.request.duration");
  if (indicator.kind === "availability") return { histogram, attributes };
  return {
    histogram,
    attributes: { ...attributes, "error.type": "" },
    thresholdSeconds: thresholdIn(indicator.thresholdMs / 1_000),
  };
}

function alertRule(
  { name, service, description, target }: ObjectiveDefinition,
  { severity, longSeconds, shortSeconds, rate }: BurnRatePolicy,
  { timing, runbooks }: ObjectiveRuleOptions,
): AlertRule {
  const of = selector({ objective: name });
  const budget = 1 - target;
  const bad = (seconds: number) => `${badShareRecord(promDuration(seconds))}${of} >= ${rounded(rate * budget)}`;
  const long = promDuration(longSeconds);
  return {
    alert: `${name}-${severity}`,
    expr: [bad(longSeconds), bad(shortSeconds), `objective:events:increase${long}${of} >= ${timing.minEvents}`].join(
      "\nand\n",
    ),
    for: promDuration(timing.raiseAfterSeconds),
    keep_firing_for: promDuration(timing.clearAfterSeconds),
    labels: { severity, team: teamOf(service), service, objective: name },
    annotations: {
      summary: `${service} does not keep ${name}`,
      description: `${description} This did not hold for {{ $value | humanizePercentage }} over the last ${long}; the objective allows ${rounded(budget * 100)}%.`,
      runbook_url: `${runbooks}/${name}.md`,
    },
  };
}

/** Without what binary fractions leave behind: 0.03, not 0.030000000000000027. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
