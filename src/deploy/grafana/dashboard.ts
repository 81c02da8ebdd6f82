import { attribute, event } from "../../../gen/telemetry/registry.ts";
import { labelName } from "../prometheus-names.ts";
import { datasource } from "./datasources.ts";
import type {
  AnnotationJson,
  DashboardJson,
  DashboardLinkJson,
  PanelJson,
  RowJson,
  VariableJson,
} from "./grafana-json.ts";
import { colour, type Panel, type ValueLink } from "./panel.ts";
import { placeholder } from "./placeholder.ts";
import { queryJson } from "./query.ts";

/** How wide a dashboard is, in Grafana's units. */
export const gridWidth = 24;

/** Panels beside each other; their widths add up to the grid's. */
export interface Line {
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: Panel])[];
}

export interface Section {
  /** Above it; the first needs none. */
  readonly title?: string;
  /** Shown only when asked for. */
  readonly collapsed?: boolean;
  readonly lines: readonly Line[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** One sentence: what it is for. */
  readonly description: string;
  readonly variables?: readonly VariableJson[];
  readonly sections: readonly Section[];
  /** How far back it shows; an hour unless told. */
  readonly from?: string;
}

export function line(height: number, ...panels: Line["panels"]): Line {
  return { height, panels };
}

/** A variable whose values are those of a label. */
export function labelVariable(
  name: string,
  options: {
    readonly label: string;
    readonly description: string;
    readonly series: string;
    readonly key: string;
    readonly first?: string;
    /** Several at once, all of them to begin with. */
    readonly multi?: boolean;
  },
): VariableJson {
  const { label, description, series, key, first, multi = false } = options;
  const query = `label_values(${series}, ${labelName(key)})`;
  return {
    type: "query",
    name,
    label,
    description,
    datasource: datasource.metrics,
    query: { qryType: 1, query, refId: name },
    refresh: 2,
    sort: 1,
    multi,
    includeAll: multi,
    ...(multi ? { allValue: ".+", current: { text: ["All"], value: ["$__all"] } } : {}),
    ...(first === undefined ? {} : { current: { text: first, value: first } }),
  };
}

/** A variable with values that are known, any of them or all, and all of them to begin with. */
export function choiceVariable(
  name: string,
  options: { readonly label: string; readonly description: string; readonly values: readonly string[] },
): VariableJson {
  const { label, description, values } = options;
  return {
    type: "custom",
    name,
    label,
    description,
    query: values.join(","),
    options: values.map((value) => ({ text: value, value, selected: false })),
    multi: true,
    includeAll: true,
    // What has none of these values is among all.
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
  };
}

/** Text that is typed in. */
export function textVariable(
  name: string,
  { label, description }: { readonly label: string; readonly description: string },
): VariableJson {
  return { type: "textbox", name, label, description, query: "", current: { text: "", value: "" } };
}

/** All of them have it, and links find them by it. */
const tag = "orrery";

/**
 * Grafana is served below /grafana/, and puts that before every path that begins with a slash. What is beside it is
 * reached from a dashboard's address, /grafana/d/<uid>/<name>, by going up.
 */
const beside = (path: string) => `../../..${path}`;

/** The address of a dashboard, with the time that is shown now. */
export function dashboardUrl(uid: string, variables: Readonly<Record<string, string>> = {}): string {
  const set = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  return `/d/${uid}?${[...set, placeholder("__url_time_range")].join("&")}`;
}

/** To the page of a service, whose name is in a label of the value. */
export const toService = (value = placeholder("__field.labels.service_name")): ValueLink => ({
  title: "The service",
  url: dashboardUrl("orrery-service", { service: value }),
});

export function panelLink(title: string, url: string): DashboardLinkJson {
  const rest = { asDropdown: false, icon: "external link", includeVars: false, keepTime: false, tags: [], tooltip: "" };
  return { type: "link", title, url, targetBlank: false, ...rest };
}

const links: readonly DashboardLinkJson[] = [
  {
    type: "dashboards",
    title: "Dashboards",
    tooltip: "All dashboards of the shop",
    icon: "external link",
    tags: [tag],
    asDropdown: true,
    includeVars: true,
    keepTime: true,
    targetBlank: false,
  },
  panelLink("Runbooks", "/d/orrery-runbooks"),
  { ...panelLink("Observatory", beside("/observatory/")), tooltip: "Map, traces and SQL of the shop itself" },
  { ...panelLink("Jaeger", beside("/jaeger/ui/")), tooltip: "All traces" },
];

/** What may have changed things: marked on every chart. */
const annotations: readonly AnnotationJson[] = [
  eventAnnotation("Deployments", colour.neutral, [event.serviceDeployment]),
  eventAnnotation("Configuration", colour.second, [event.configurationChange]),
  eventAnnotation("Starts and stops", "text", [event.processStart, event.processStop], false),
  {
    name: "Alerts",
    datasource: datasource.metrics,
    enable: true,
    iconColor: colour.bad,
    target: {
      refId: "alerts",
      ...{ expr: 'ALERTS{alertstate="firing"}', step: "10s" },
    },
    ...{ titleFormat: "{{alertname}}", textFormat: "{{service}}", tagKeys: "severity,team" },
  },
];

function eventAnnotation(name: string, color: string, events: readonly string[], enable = true): AnnotationJson {
  return {
    name,
    datasource: datasource.logs,
    enable,
    iconColor: color,
    target: {
      refId: name,
      ...{
        expr: `{service_name=~".+"} | event_name=~${JSON.stringify(events.join("|"))}`,
        queryType: "range",
        maxLines: 100,
      },
    },
    ...{
      titleFormat: "{{event_name}}",
      textFormat: "{{service_name}}",
      tagKeys: labelName(attribute.demoProcessSettings),
    },
  };
}

/** What Grafana reads. */
export function dashboardJson({
  uid,
  title,
  description,
  variables = [],
  sections,
  from = "now-1h",
}: Dashboard): DashboardJson {
  const panels: (PanelJson | RowJson)[] = [];
  let id = 0;
  let y = 0;
  for (const section of sections) {
    const placed: PanelJson[] = [];
    const top = y;
    if (section.title !== undefined) y++;
    const rowId = section.title === undefined ? 0 : ++id;
    for (const { height, panels: beside } of section.lines) {
      let x = 0;
      for (const [width, { json, queries }] of beside) {
        const [first] = queries;
        placed.push({
          id: ++id,
          ...json,
          ...(first === undefined ? {} : { datasource: datasource[first.source], targets: queries.map(queryJson) }),
          gridPos: { x, y, w: width, h: height },
        });
        x += width;
      }
      y += height;
    }
    const { collapsed = false } = section;
    if (section.title !== undefined) {
      panels.push({
        type: "row",
        id: rowId,
        title: section.title,
        collapsed,
        gridPos: { x: 0, y: top, w: gridWidth, h: 1 },
        panels: collapsed ? placed : [],
      });
    }
    if (!collapsed) panels.push(...placed);
    else y = top + 1;
  }
  return {
    uid,
    title,
    description,
    tags: [tag],
    schemaVersion: 42,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "10s",
    time: { from, to: "now" },
    links,
    templating: { list: variables },
    annotations: { list: annotations },
    panels,
  };
}
