import type { Options as BarGaugeOptions } from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type { Options as HeatmapOptions } from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type { Options as LogsOptions } from "@grafana/schema/dist/esm/raw/composable/logs/panelcfg/x/LogsPanelCfg_types.gen";
import type { Options as NodeGraphOptions } from "@grafana/schema/dist/esm/raw/composable/nodegraph/panelcfg/x/NodeGraphPanelCfg_types.gen";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as TimelineField,
  Options as TimelineOptions,
} from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type {
  FieldConfig as TableField,
  Options as TableOptions,
} from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type { Options as TextOptions } from "@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen";
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeriesOptions,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type {
  DashboardLinkJson,
  FieldConfigJson,
  Json,
  MappingJson,
  PanelJson,
  ThresholdJson,
  TransformationJson,
} from "./grafana-json.ts";
import type { Query } from "./query.ts";

/** A panel that has no place on a dashboard yet. */
export interface Panel {
  readonly json: Omit<PanelJson, "id" | "gridPos" | "targets" | "datasource">;
  readonly queries: readonly Query[];
  /** Why it shows nothing while nothing is wrong. */
  readonly quiet?: string;
}

/** Grafana's ids of the units that are used. */
export type Unit =
  | "Bps"
  | "bytes"
  | "cpm"
  | "dtdurations"
  | "locale"
  | "ms"
  | "none"
  | "percentunit"
  | "reqps"
  | "s"
  | "short"
  | "string";

/** The few colours: what is counted, what is well, what wants a look, what is wrong, and a second and third line. */
export const colour = {
  neutral: "blue",
  good: "green",
  watch: "orange",
  bad: "red",
  second: "purple",
  third: "#8AB8FF",
} as const;

/** What every panel says of itself. */
export interface Face {
  readonly title: string;
  /** What it shows, and what is good or bad. */
  readonly description: string;
  readonly unit: Unit;
  readonly decimals?: number;
  /** Why it shows nothing while nothing is wrong: "no order fails". */
  readonly quiet?: string;
  readonly links?: readonly DashboardLinkJson[];
  /** Links of each value. */
  readonly valueLinks?: readonly ValueLink[];
  /** From which value on it is no longer well. */
  readonly thresholds?: Thresholds;
}

export interface ValueLink {
  readonly title: string;
  readonly url: string;
}

/** Bad is above, unless it is said to be below. */
export interface Thresholds {
  readonly watch?: number;
  readonly bad?: number;
  readonly badIs?: "above" | "below";
}

type Defaults = NonNullable<FieldConfigJson["defaults"]>;
type Overrides = FieldConfigJson["overrides"];

interface Look {
  readonly type: string;
  readonly options: object;
  readonly custom?: object;
  readonly defaults?: Partial<Defaults>;
  readonly overrides?: Overrides;
  readonly transformations?: readonly TransformationJson[];
  readonly queries: readonly Query[];
}

function panel(face: Face, look: Look): Panel {
  const { title, description, unit, decimals, quiet, links, valueLinks, thresholds } = face;
  const defaults: Defaults = {
    unit,
    ...(decimals === undefined ? {} : { decimals }),
    ...(quiet === undefined ? {} : { noValue: "none" }),
    ...(valueLinks === undefined ? {} : { links: valueLinks }),
    ...(thresholds === undefined ? {} : { thresholds: { mode: "absolute", steps: thresholdSteps(thresholds) } }),
    ...look.defaults,
    ...(look.custom === undefined ? {} : { custom: look.custom as Record<string, unknown> }),
  };
  return {
    json: {
      type: look.type,
      title,
      description: quiet === undefined ? description : `${description} Empty while ${quiet}.`,
      ...(links === undefined ? {} : { links }),
      fieldConfig: { defaults, overrides: look.overrides ?? [] },
      options: look.options as Record<string, unknown>,
      ...(look.transformations === undefined ? {} : { transformations: look.transformations }),
    },
    queries: look.queries,
    ...(quiet === undefined ? {} : { quiet }),
  };
}

function thresholdSteps({ watch, bad, badIs = "above" }: Thresholds): readonly ThresholdJson[] {
  const step = (value: number | undefined, color: string) => (value === undefined ? [] : [{ value, color }]);
  if (badIs === "above") {
    return [{ value: null, color: colour.good }, ...step(watch, colour.watch), ...step(bad, colour.bad)];
  }
  // Grafana's steps go upwards: the lowest is the worst.
  const fine = step(watch ?? bad, colour.good);
  return watch === undefined || bad === undefined
    ? [{ value: null, color: colour.bad }, ...fine]
    : [{ value: null, color: colour.bad }, ...step(bad, colour.watch), ...fine];
}

/** Each query's line in the colour that it asks for. */
function lineColours(queries: readonly Query[]): Overrides {
  return queries.flatMap(({ refId, color }) =>
    color === undefined
      ? []
      : [
          {
            matcher: { id: "byFrameRefID", options: refId },
            properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
          },
        ],
  );
}

/** Lines over time. */
export function chart(
  face: Face & {
    readonly queries: readonly Query[];
    readonly stacked?: boolean;
    /** From 0 to 1, for what is a share. */
    readonly max?: number;
    /** For many lines: a table beside the chart, with the last value and the greatest. */
    readonly legend?: "list" | "table" | "none";
  },
): Panel {
  const { queries, stacked = false, max, legend = "list", thresholds } = face;
  const options: Json<TimeSeriesOptions> = {
    legend: {
      showLegend: legend !== "none",
      displayMode: legend === "table" ? "table" : "list",
      placement: legend === "table" ? "right" : "bottom",
      calcs: legend === "table" ? ["lastNotNull", "max"] : [],
      ...(legend === "table" ? { sortBy: "Max", sortDesc: true, width: 320 } : {}),
    },
    tooltip: { mode: "multi", sort: "desc" },
  };
  const custom: Json<TimeSeriesField> = {
    drawStyle: "line",
    lineInterpolation: "linear",
    lineWidth: stacked ? 1 : 2,
    fillOpacity: stacked ? 40 : 8,
    gradientMode: "none",
    showPoints: "never",
    // A gap of a minute is a gap; what is shorter is an export that came late.
    spanNulls: 60_000,
    axisSoftMin: 0,
    stacking: { mode: stacked ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: thresholds === undefined ? "off" : "dashed" },
  };
  return panel(face, {
    type: "timeseries",
    options,
    custom,
    defaults: {
      min: 0,
      ...(max === undefined ? {} : { max }),
      color: { mode: "palette-classic-by-name" },
    },
    overrides: lineColours(queries),
    queries,
  });
}

/** One number or a few, with the way they took. */
export function stat(
  face: Face & {
    readonly queries: readonly Query[];
    readonly graph?: boolean;
    readonly mappings?: readonly MappingJson[];
  },
): Panel {
  const { queries, graph = true, thresholds, mappings } = face;
  const options: Json<StatOptions> = {
    colorMode: "value",
    graphMode: graph ? "area" : "none",
    justifyMode: "auto",
    orientation: "auto",
    percentChangeColorMode: "standard",
    showPercentChange: false,
    textMode: queries.length > 1 || queries.some(({ legend }) => legend?.includes("{{")) ? "value_and_name" : "auto",
    wideLayout: true,
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  };
  return panel(face, {
    type: "stat",
    options,
    defaults: {
      color: thresholds === undefined ? { mode: "fixed", fixedColor: colour.neutral } : { mode: "thresholds" },
      ...(mappings === undefined ? {} : { mappings }),
    },
    queries,
  });
}

/** Bars beside each other, the longest as long as the panel. */
export function bars(face: Face & { readonly queries: readonly Query[] }): Panel {
  const options: Json<BarGaugeOptions> = {
    displayMode: "basic",
    orientation: "horizontal",
    valueMode: "color",
    namePlacement: "left",
    showUnfilled: true,
    sizing: "auto",
    minVizHeight: 16,
    minVizWidth: 8,
    maxVizHeight: 60,
    legend: { showLegend: false, displayMode: "list", placement: "bottom", calcs: [] },
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  };
  return panel(face, {
    type: "bargauge",
    options,
    defaults: {
      min: 0,
      color: face.thresholds === undefined ? { mode: "fixed", fixedColor: colour.neutral } : { mode: "thresholds" },
    },
    queries: face.queries,
  });
}

/** How a histogram's measurements are spread, over time. */
export function heatmap(face: Face & { readonly query: Query }): Panel {
  const options: Json<HeatmapOptions> = {
    calculate: false,
    cellGap: 1,
    color: {
      mode: "scheme",
      scheme: "Blues",
      fill: colour.neutral,
      scale: "exponential",
      exponent: 0.5,
      steps: 64,
      reverse: false,
    },
    exemplars: { color: "rgba(255,152,48,0.8)" },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: "auto" },
    showValue: "never",
    tooltip: { mode: "single", yHistogram: true, showColorScale: false },
    yAxis: { axisPlacement: "left", reverse: false, unit: face.unit },
  };
  return panel(face, {
    type: "heatmap",
    options,
    custom: { scaleDistribution: { type: "linear" } },
    queries: [{ ...face.query, format: "heatmap" }],
  });
}

export interface Column {
  /** A label, or `Value` of a query by its refId: `Value #A`. */
  readonly field: string;
  readonly name: string;
  readonly unit?: Unit;
  readonly decimals?: number;
  readonly width?: number;
  readonly thresholds?: Thresholds;
  readonly links?: readonly ValueLink[];
  /** What is shown in the place of the value. */
  readonly shown?: string;
}

/** The latest values of several queries, a row for each set of labels. */
export function table(
  face: Face & {
    readonly queries: readonly Query[];
    readonly columns: readonly Column[];
    /** The name of the column that it is sorted by, the greatest first. */
    readonly sortBy?: string;
  },
): Panel {
  const { queries, columns, sortBy } = face;
  const options: Json<TableOptions> = {
    showHeader: true,
    cellHeight: "sm",
    frameIndex: 0,
    ...(sortBy === undefined ? {} : { sortBy: [{ displayName: sortBy, desc: true }] }),
  };
  const custom: Json<Pick<TableField, "align" | "cellOptions" | "inspect">> = {
    align: "auto",
    cellOptions: { type: "auto" },
    inspect: false,
  };
  return panel(face, {
    type: "table",
    options,
    custom,
    overrides: columns.map((column) => ({
      matcher: { id: "byName", options: column.name },
      properties: columnProperties(column),
    })),
    transformations: [...(queries.length > 1 ? [{ id: "merge", options: {} }] : []), columnsOnly(columns)],
    queries: queries.map((query) => ({ ...query, instant: true, format: "table" })),
  });
}

function columnProperties({ unit, decimals, width, thresholds, links, shown }: Column) {
  return [
    ...(unit === undefined ? [] : [{ id: "unit", value: unit }]),
    ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ...(width === undefined ? [] : [{ id: "custom.width", value: width }]),
    ...(links === undefined ? [] : [{ id: "links", value: links }]),
    ...(shown === undefined
      ? []
      : [{ id: "mappings", value: [{ type: "regex", options: { pattern: ".+", result: { text: shown } } }] }]),
    ...(thresholds === undefined
      ? []
      : [
          { id: "thresholds", value: { mode: "absolute", steps: thresholdSteps(thresholds) } },
          { id: "color", value: { mode: "thresholds" } },
          { id: "custom.cellOptions", value: { type: "color-text" } },
        ]),
  ];
}

/** Of what a query brings, the columns in their order and under their names, and nothing else. */
function columnsOnly(columns: readonly Column[]): TransformationJson {
  return {
    id: "organize",
    options: {
      includeByName: Object.fromEntries(columns.map(({ field }) => [field, true])),
      indexByName: Object.fromEntries(columns.map(({ field }, index) => [field, index])),
      renameByName: Object.fromEntries(columns.map(({ field, name }) => [field, name])),
    },
  };
}

/** Log records, the latest first. */
export function records(face: Omit<Face, "unit"> & { readonly query: Query }): Panel {
  const options: Json<LogsOptions> = {
    showTime: true,
    showLabels: false,
    showCommonLabels: false,
    showLogContextToggle: true,
    wrapLogMessage: true,
    prettifyLogMessage: false,
    enableLogDetails: true,
    enableInfiniteScrolling: true,
    dedupStrategy: "none",
    sortOrder: "Descending",
  };
  return panel({ ...face, unit: "string" }, { type: "logs", options, queries: [face.query] });
}

/** Traces, the latest first. */
export function traces(face: Omit<Face, "unit"> & { readonly query: Query }): Panel {
  const options: Json<TableOptions> = { showHeader: true, cellHeight: "sm", frameIndex: 0 };
  return panel({ ...face, unit: "string" }, { type: "table", options, queries: [face.query] });
}

/** Who calls whom. The first query tells how often, the second how many of these calls fail, by `source` and `target`. */
export function serviceMap(face: Omit<Face, "unit"> & { readonly queries: readonly [Query, Query] }): Panel {
  const options: Json<NodeGraphOptions> = {
    layoutAlgorithm: "layered",
    zoomMode: "cooperative",
    edges: { mainStatUnit: "calls/s", secondaryStatUnit: "failed/s" },
    nodes: { mainStatUnit: "calls/s", secondaryStatUnit: "failed/s" },
  };
  const [calls, failures] = face.queries;
  return panel(
    { ...face, unit: "reqps" },
    {
      type: "nodeGraph",
      options,
      // Nodes are made of these edges by Grafana: what comes in at each is added up.
      transformations: [
        { id: "merge", options: {} },
        fieldNamed("mainstat", `Value #${calls.refId}`),
        fieldNamed("secondarystat", `Value #${failures.refId}`),
      ],
      queries: face.queries.map((query) => ({ ...query, instant: true, format: "table" })),
    },
  );
}

/** A field once more under another name. To rename it would change only what is shown, and graphs go by names. */
function fieldNamed(alias: string, field: string): TransformationJson {
  return {
    id: "calculateField",
    options: {
      alias,
      mode: "binary",
      binary: {
        left: { matcher: { id: "byName", options: field } },
        operator: "*",
        right: { fixed: "1" },
      },
    },
  };
}

/** What state things were in, over time. */
export function timeline(
  face: Face & { readonly queries: readonly Query[]; readonly mappings: readonly MappingJson[] },
): Panel {
  const options: Json<TimelineOptions> = {
    mergeValues: true,
    showValue: "auto",
    alignValue: "left",
    rowHeight: 0.8,
    legend: { showLegend: false, displayMode: "list", placement: "bottom", calcs: [] },
    tooltip: { mode: "single", sort: "none" },
  };
  const custom: Json<Pick<TimelineField, "fillOpacity" | "lineWidth">> = { fillOpacity: 80, lineWidth: 0 };
  return panel(face, {
    type: "state-timeline",
    options,
    custom,
    defaults: { mappings: face.mappings, color: { mode: "fixed", fixedColor: colour.neutral } },
    queries: face.queries,
  });
}

/** Text for people. */
export function text(title: string, markdown: string): Panel {
  const options: Json<TextOptions> = { mode: "markdown", content: markdown };
  return {
    json: { type: "text", title, options: options as Record<string, unknown> },
    queries: [],
  };
}
