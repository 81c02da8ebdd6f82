import { datasource } from "./datasources.ts";

/** What a panel asks. */
export interface Query {
  /** A letter or a word, unique in its panel. */
  readonly refId: string;
  readonly source: "metrics" | "logs" | "traces";
  /** PromQL or LogQL; of traces, the service. */
  readonly expr: string;
  /** What each series is called, with `{{label}}` for what tells it apart. */
  readonly legend?: string;
  readonly color?: string;
  /** Only the latest value. */
  readonly instant?: boolean;
  readonly format?: "time_series" | "table" | "heatmap";
  /** With traces of single measurements on the chart. */
  readonly exemplars?: boolean;
  /** At most so many records or traces. */
  readonly limit?: number;
}

type Rest = Omit<Query, "refId" | "source" | "expr">;

/** PromQL. */
export function promql(refId: string, expr: string, rest: Rest = {}): Query {
  return { refId, source: "metrics", expr, ...rest };
}

/** LogQL. */
export function logql(refId: string, expr: string, rest: Rest = {}): Query {
  return { refId, source: "logs", expr, ...rest };
}

/** The latest traces of a service. */
export function tracesOf(service: string, limit = 20): Query {
  return { refId: "traces", source: "traces", expr: service, limit };
}

/** As the data source's own query editor writes it. */
export function queryJson(query: Query): Readonly<Record<string, unknown>> {
  const { refId, source, expr, legend, instant = false, format = "time_series", exemplars, limit } = query;
  const general = { refId, datasource: datasource[source] };
  switch (source) {
    case "metrics":
      return {
        ...general,
        editorMode: "code",
        expr,
        range: !instant,
        instant,
        format,
        legendFormat: legend ?? "__auto",
        ...(exemplars === true ? { exemplar: true } : {}),
      };
    case "logs":
      return {
        ...general,
        editorMode: "code",
        expr,
        queryType: instant ? "instant" : "range",
        ...(legend === undefined ? {} : { legendFormat: legend }),
        ...(limit === undefined ? {} : { maxLines: limit }),
      };
    case "traces":
      return { ...general, queryType: "search", service: expr, limit: limit ?? 20 };
  }
}
