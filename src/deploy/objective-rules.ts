import type { AlertTiming, BurnRatePolicy } from "../observatory/objectives/alert-timing.ts";
import type { Indicator, ObjectiveDefinition } from "../observatory/objectives/objective.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { durationBuckets } from "../platform/telemetry/buckets.ts";
import { type AlertRule, promDuration, type RecordingRule, type RuleGroup } from "./alert-rule.ts";
import { spanMetric } from "./grafana/engine-metrics.ts";
import { type Matcher, prometheusName, selector, seriesName } from "./prometheus-names.ts";
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
  objective: ObjectiveDefinition,
  services: ObjectiveRuleOptions["services"],
): IndicatorSeries {
  const { service, indicator } = objective;
  if (indicator.kind === "outcomes") {
    const counted = (name: string) => `${prometheusName(name)}${selector({ "service.name": service })}`;
    const of = (of: "rate" | "increase", name: string, window: string) => `sum(${of}(${counted(name)}[${window}]))`;
    // A series begins with the first of its kind: before, there is none.
    const sum = (what: "rate" | "increase", window: string) =>
      `((${of(what, indicator.good, window)} or vector(0)) + (${of(what, indicator.bad, window)} or vector(0)))`;
    return {
      events: (window) => sum("increase", window),
      badRatio: (window) => `(${of("rate", indicator.bad, window)} or vector(0))\n/ (${sum("rate", window)} > 0)`,
    };
  }
  const { all, good, bad } = measured(objective, indicator, services);
  const summed = (what: "rate" | "increase", series: readonly string[], window: string) =>
    series.map((one) => `sum(${what}(${one}[${window}]))`).join(" or ");
  return {
    events: (window) => summed("increase", all, window),
    badRatio(window) {
      const total = `(${inBrackets(summed("rate", all, window), all.length > 1)} > 0)`;
      if (good !== undefined) return `1 - ${inBrackets(summed("rate", good, window), good.length > 1)}\n/ ${total}`;
      // A series of failures begins with the first: before, there is none.
      return `(${summed("rate", bad ?? [], window)} or vector(0))\n/ ${total}`;
    },
  };
}

function inBrackets(expression: string, isWanted: boolean): string {
  return isWanted ? `(${expression})` : expression;
}

/** The series of an indicator's events, each in the places where they may be found, the best first. */
interface EventSeries {
  readonly all: readonly string[];
  /** Those that are good, or else those that are bad. */
  readonly good?: readonly string[];
  readonly bad?: readonly string[];
}

function measured(
  { name: objective, service }: ObjectiveDefinition,
  indicator: Exclude<Indicator, { kind: "outcomes" }>,
  services: ObjectiveRuleOptions["services"],
): EventSeries {
  const refused = (why: string) => new Error(`The objective ${objective} cannot be had from metrics: ${why}.`);
  const thresholdIn = (seconds: number) => {
    if (!durationBuckets.includes(seconds)) throw refused(`no bucket ends at ${seconds} s`);
    return seconds;
  };
  if (indicator.kind === "delay") {
    const histogram = prometheusName(indicator.metric);
    const attributes = { "service.name": service, ...indicator.attributes };
    return quick(histogram, attributes, thresholdIn(indicator.thresholdSeconds));
  }
  const { kind, names = [] } = indicator.operations;
  const declared = services.find(({ name }) => name === service);
  if (kind !== "server" || declared === undefined) throw refused("it is not about a service's calls or requests");
  const isRpc = declared.rpc.length > 0;
  const [operation, ...others] = names;
  if (others.length > 0) throw refused("it names more than one operation");
  const own = operation === undefined ? {} : isRpc ? { "rpc.method": operation } : requestsOf(operation);
  if (own === undefined) throw refused(`${operation} is no method and route`);
  const attributes = { "service.name": service, ...own };
  const histogram = prometheusName(isRpc ? "rpc.server.call.duration" : "http.server.request.duration");
  if (indicator.kind === "availability") {
    return {
      all: [`${histogram}_count${selector(attributes)}`],
      bad: [`${histogram}_count${selector({ ...attributes, "error.type": { not: "" } })}`],
    };
  }
  const seconds = thresholdIn(indicator.thresholdMs / 1_000);
  const series = quick(histogram, { ...attributes, "error.type": "" }, seconds);
  if (!isFront(declared)) return series;
  // In the mesh Envoy stands there, whose own histograms know no routes: its spans do, as the Collector measures them.
  const spans = quick(
    seriesName(spanMetric.duration),
    {
      "service.name": service,
      "span.kind": "SPAN_KIND_SERVER",
      "status.code": { not: "STATUS_CODE_ERROR" },
      ...(operation === undefined ? {} : { "span.name": operation }),
    },
    indicator.thresholdMs,
  );
  return { all: [...series.all, ...spans.all], good: [...(series.good ?? []), ...(spans.good ?? [])] };
}

/** Measurements of a histogram, and those of them that are no greater than one of its bounds. */
function quick(
  histogram: string,
  attributes: Readonly<Record<string, Matcher>>,
  bound: number,
): Pick<EventSeries, "all" | "good"> {
  return {
    all: [`${histogram}_count${selector(attributes)}`],
    // As Prometheus writes a bound that came by OTLP: 1, where one that it fetched would be 1.0.
    good: [`${histogram}_bucket${selector({ ...attributes, le: String(bound) })}`],
  };
}

/** The attributes of the requests that a span's name stands for: `GET /images/*`. */
function requestsOf(name: string): Readonly<Record<string, string>> | undefined {
  const [, method, route] = /^([A-Z]+) (\/.*)$/.exec(name) ?? [];
  return method === undefined || route === undefined
    ? undefined
    : { "http.request.method": method, "http.route": route };
}

function isFront({ name }: Pick<ServiceDeclaration, "name">): boolean {
  return name === "frontend-proxy";
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
