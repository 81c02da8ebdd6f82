import { metric } from "../../../gen/telemetry/registry.ts";
import type { PromotedAttribute } from "../prometheus.ts";
import { type DeclaredMetric, labelName, type Matcher, selector, seriesName } from "../prometheus-names.ts";

/** What a metric's series can be told apart by. */
type Key<M extends DeclaredMetric> = M["attributes"][number] | PromotedAttribute;

export interface Choice<M extends DeclaredMetric> {
  /** Which series; all unless told. */
  readonly where?: Partial<Readonly<Record<Key<M>, Matcher>>>;
  /** What stays apart; everything becomes one unless told. */
  readonly by?: readonly Key<M>[];
  /** Over how long; as long as a chart's points need unless told. */
  readonly window?: string;
}

/** Grafana's own: long enough for four exports, and for no gap between the points of a chart. */
const chartWindow = "$__rate_interval";
/** All the time that a dashboard shows. */
export const shownTime = "$__range";

/** The series of a metric as they are. */
export function series<const M extends DeclaredMetric>(of: M, where: Choice<M>["where"] = {}, part = ""): string {
  const matchers = where as Readonly<Record<string, Matcher>>;
  const name = `${seriesName(of)}${part}`;
  return Object.keys(matchers).length === 0 ? name : `${name}${selector(matchers)}`;
}

/** How often in a second: of a counter, of the measurements of a histogram. */
export function rate<const M extends DeclaredMetric>(
  of: M,
  { where, by, window = chartWindow }: Choice<M> = {},
): string {
  return aggregated("sum", `rate(${series(of, where, counted(of))}[${window}])`, by);
}

/** How often in all, over the time that the dashboard shows unless told. */
export function increase<const M extends DeclaredMetric>(of: M, choice: Choice<M> = {}): string {
  const { where, by, window = shownTime } = choice;
  return aggregated("sum", `increase(${series(of, where, counted(of))}[${window}])`, by);
}

/** The value below which a share of a histogram's measurements is. */
export function quantile<const M extends DeclaredMetric>(share: number, of: M, choice: Choice<M> = {}): string {
  const { where, by = [], window = chartWindow } = choice;
  return quantileOf(share, `rate(${series(of, where, "_bucket")}[${window}])`, by);
}

/** The mean of a histogram's measurements. */
export function mean<const M extends DeclaredMetric>(of: M, choice: Choice<M> = {}): string {
  const { where, by, window = chartWindow } = choice;
  const sum = (part: string) => aggregated("sum", `rate(${series(of, where, part)}[${window}])`, by);
  return `${sum("_sum")} / ${sum("_count")}`;
}

/** How many measurements were in each bucket of a histogram, for a heat map. */
export function buckets<const M extends DeclaredMetric>(of: M, where: Choice<M>["where"] = {}): string {
  return `sum by (le) (increase(${series(of, where, "_bucket")}[${chartWindow}]))`;
}

/** A gauge's series, taken together. */
export function gauge<const M extends DeclaredMetric>(
  how: "sum" | "max" | "min" | "avg",
  of: M,
  { where, by }: Omit<Choice<M>, "window"> = {},
): string {
  return aggregated(how, series(of, where), by);
}

function counted({ instrument }: DeclaredMetric): string {
  return instrument === "histogram" ? "_count" : "";
}

export function aggregated(how: string, expression: string, by: readonly string[] = []): string {
  return by.length === 0 ? `${how}(${expression})` : `${how} by (${by.map(labelName).join(", ")}) (${expression})`;
}

function quantileOf(share: number, rates: string, by: readonly string[]): string {
  return `histogram_quantile(${share}, ${aggregated("sum", rates, ["le", ...by])})`;
}

/** A share of a whole, 0 where there is a whole and no part: the series of a failure begins with the first. */
export function shareOf(part: string, whole: string): string {
  return `((${part}) or (${whole}) * 0) / ((${whole}) > 0)`;
}

/** 0 while there is nothing. */
export function orZero(expression: string): string {
  return `(${expression}) or vector(0)`;
}

/** What tells of the calls, requests and messages that come to a service. */
const entryMetrics = [
  metric.rpcServerCallDuration,
  metric.httpServerRequestDuration,
  metric.messagingProcessDuration,
] as const;
type EntryMetric = (typeof entryMetrics)[number];
/** What all three have. */
type EntryKey = "error.type" | PromotedAttribute;

export interface EntryChoice {
  readonly where?: Partial<Readonly<Record<EntryKey, Matcher>>>;
  readonly by?: readonly (EntryKey | EntryMetric["attributes"][number])[];
  readonly window?: string;
}

export function entrySeries(where: EntryChoice["where"] = {}, part = "_count"): string {
  const matchers = selector(where as Readonly<Record<string, Matcher>>).slice(1, -1);
  const names = entryMetrics.map((one) => seriesName(one) + part).join("|");
  return `{${[`__name__=~"${names}"`, matchers].filter(Boolean).join(",")}}`;
}

/** How many calls, requests and messages come to services in a second. */
export function entryRate({ where, by, window = chartWindow }: EntryChoice = {}): string {
  return aggregated("sum", `rate(${entrySeries(where)}[${window}])`, by);
}

/** Those of them that failed by the service's own fault. */
export function failedEntryRate({ where, ...rest }: EntryChoice = {}): string {
  return entryRate({ ...rest, where: { ...where, "error.type": { not: "" } } });
}

/** The share of them that failed. */
export function failedShare(choice: EntryChoice = {}): string {
  return shareOf(failedEntryRate(choice), entryRate(choice));
}

/** How long a share of them took at most. */
export function entryQuantile(share: number, { where, by = [], window = chartWindow }: EntryChoice = {}): string {
  return quantileOf(share, `rate(${entrySeries(where, "_bucket")}[${window}])`, by);
}
