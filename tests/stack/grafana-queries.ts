import { expect } from "vitest";
import type { VariableJson } from "../../src/deploy/grafana/grafana-json.ts";
import type { Query } from "../../src/deploy/grafana/query.ts";

/** Base addresses of what Grafana asks. */
export interface Backends {
  readonly metrics: string;
  readonly traces: string;
  readonly logs: string;
}

/** Values of a dashboard's variables, by their names. */
export type Values = Readonly<Record<string, string>>;

/** As Grafana fills them in for a dashboard of the last five minutes and metrics of every ten seconds. */
const grafanasOwn: Values = { __rate_interval: "40s", __interval: "15s", __range: "5m", __auto: "1m" };
const shownSeconds = 300;
const stepSeconds = 15;

function filledIn(text: string, values: Values): string {
  const all = { ...grafanasOwn, ...values };
  return text.replace(/\$\{?([a-z_]\w*)\}?/g, (_, name: keyof typeof all) => {
    const value = all[name];
    if (value === undefined) throw new Error(`Nothing is known of $${name} in ${text}`);
    return value;
  });
}

/** What a query brings. */
export interface Shown {
  /** How many series, records or traces have something to show. */
  readonly count: number;
  /** What these can be called by. */
  readonly labels: ReadonlySet<string>;
}

/** Asks what Grafana would ask for a panel. */
export async function answersTo(query: Query, backends: Backends, values: Values): Promise<Shown> {
  const expr = filledIn(query.expr, values);
  const end = Date.now() / 1_000;
  const range = { start: String(end - shownSeconds), end: String(end), step: String(stepSeconds) };
  switch (query.source) {
    case "metrics": {
      const { result } = (
        query.instant === true
          ? await ask(`${backends.metrics}/api/v1/query`, { query: expr, time: String(end) })
          : await ask(`${backends.metrics}/api/v1/query_range`, { query: expr, ...range })
      ) as Answer;
      return shown(result.filter(hasNumber));
    }
    case "logs": {
      const loki = `${backends.logs}/loki/api/v1`;
      const { result } = (
        query.instant === true
          ? await ask(`${loki}/query`, { query: expr })
          : await ask(`${loki}/query_range`, { query: expr, ...range, limit: String(query.limit ?? 100) })
      ) as Answer;
      return shown(result.filter((each) => "stream" in each || hasNumber(each)));
    }
    case "traces": {
      const found = await ask(`${backends.traces}/api/traces`, {
        service: expr,
        limit: String(query.limit ?? 20),
        start: `${Math.floor((end - shownSeconds) * 1e6)}`,
        end: `${Math.floor(end * 1e6)}`,
      });
      return { count: (found as unknown[]).length, labels: new Set() };
    }
  }
}

interface Answer {
  readonly result: readonly Series[];
}
interface Series {
  readonly metric?: Readonly<Record<string, string>>;
  readonly stream?: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

function shown(series: readonly Series[]): Shown {
  const labels = series.flatMap(({ metric = {}, stream = {} }) => [...Object.keys(metric), ...Object.keys(stream)]);
  return { count: series.length, labels: new Set(labels) };
}

/** A quantile of nothing is no number, and shows nothing. */
function hasNumber({ value, values = [] }: Series): boolean {
  return [...(value === undefined ? [] : [value]), ...values].some(([, number]) => Number.isFinite(Number(number)));
}

async function ask(url: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(`${url}?${new URLSearchParams(parameters)}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${parameters.query ?? url}: ${text}`);
  return JSON.parse(text).data;
}

/** The values that a variable can be set to. */
export async function valuesOf(variable: VariableJson, { metrics }: Backends): Promise<readonly string[]> {
  const { type, query, name, allValue } = variable;
  switch (type) {
    case "custom":
      return allValue === undefined ? String(query).split(",") : [allValue];
    case "textbox":
      return [""];
    case "query": {
      if (allValue !== undefined) return [allValue];
      const { query: asked } = query as { readonly query: string };
      const [, series = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(asked) ?? [];
      const found = (await ask(`${metrics}/api/v1/label/${label}/values`, { "match[]": series })) as string[];
      expect(found.length, `values of $${name}`).toBeGreaterThan(0);
      return found;
    }
    default:
      throw new Error(`Variables of type ${type} are not known here.`);
  }
}
