import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { metric } from "../../../gen/telemetry/registry.ts";
import { shopObjectives } from "../../observatory/objectives/shop-objectives.ts";
import { services } from "../../services/index.ts";
import { prometheusFiles } from "../prometheus.ts";
import { type DeclaredMetric, seriesName } from "../prometheus-names.ts";
import { type Dashboard, dashboardJson, gridWidth } from "./dashboard.ts";
import { runbooks, runbookUrl } from "./dashboards/runbooks.ts";
import { dashboards } from "./dashboards.ts";
import * as engineMetrics from "./engine-metrics.ts";
import { grafanaFiles } from "./grafana.ts";
import type { PanelJson, RowJson } from "./grafana-json.ts";

const files = new Map(grafanaFiles().map(({ path, text }) => [path, text]));
const provisioned = parse(files.get("otel/grafana/provisioning/datasources/datasources.yaml") ?? "");
const sources = new Map<string, string>(
  provisioned.datasources.map(({ uid, type }: { uid: string; type: string }) => [uid, type]),
);

function isRow(panel: PanelJson | RowJson): panel is RowJson {
  return panel.type === "row";
}
function everyPanel(dashboard: Dashboard): readonly PanelJson[] {
  const { panels = [] } = dashboardJson(dashboard);
  return panels.flatMap((panel) => (isRow(panel) ? panel.panels : [panel]));
}

it("dashboards are found by uids of their own, which are short enough for Grafana", () => {
  const uids = dashboards.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) expect(uid).toMatch(/^orrery-[a-z]{1,33}$/);
});

it("whoever opens Grafana sees the overview, as a viewer", () => {
  const settings = files.get("otel/grafana/grafana.ini") ?? "";
  expect(settings).toContain("/dashboards/orrery-overview.json");
  expect(settings).toMatch(/\[auth\.anonymous\]\nenabled = true\norg_role = Viewer/);
  expect(settings).not.toMatch(/password = (?!\$__env)/);
});

it("every alert's runbook is read where its links lead", () => {
  const { panels = [] } = dashboardJson(runbooks);
  const alerts = prometheusFiles({ services, objectives: shopObjectives }).flatMap(({ text }) => [
    ...text.matchAll(/runbook_url: docs\/runbooks\/(.+)\.md/g),
  ]);
  expect(alerts.length).toBeGreaterThan(10);
  for (const [, name = ""] of alerts) {
    const [, id] = /panel-(\d+)$/.exec(runbookUrl(name)) ?? [];
    const shown = JSON.stringify(panels.find((panel) => panel.id === Number(id)));
    expect(shown, name).toMatch(new RegExp(`Alerts?: .*\`${name}`));
  }
});

it("what leads from one data source to another finds it", () => {
  const text = JSON.stringify(provisioned);
  const named = [...text.matchAll(/"(?:datasourceUid|alertmanagerUid)":"([^"]+)"/g)].map(([, uid]) => uid);
  expect(named.length).toBeGreaterThan(3);
  for (const uid of named) expect(sources.has(uid ?? "")).toBe(true);
});

describe.each(dashboards.map((dashboard) => ({ title: dashboard.title, dashboard })))("$title", ({ dashboard }) => {
  const json = dashboardJson(dashboard);
  const panels = everyPanel(dashboard);

  it("has panels with ids of their own that fill the grid without an overlap", () => {
    const { panels: placed = [] } = json;
    const ids = placed.flatMap((panel) => [panel.id, ...(isRow(panel) ? panel.panels.map(({ id }) => id) : [])]);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    const lines = new Map<number, number>();
    for (const { gridPos } of placed) {
      if (gridPos === undefined) throw new Error("A panel has a place");
      lines.set(gridPos.y, (lines.get(gridPos.y) ?? 0) + gridPos.w);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), `${x},${y} twice`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
    expect([...lines.values()].filter((width) => width !== gridWidth)).toEqual([]);
  });

  it("says of each panel what it shows, in which unit, and asks a data source that exists", () => {
    for (const { type, title, description, fieldConfig, datasource, targets = [] } of panels) {
      expect(title, "a title").toBeTruthy();
      if (type === "text") continue;
      expect(description?.length ?? 0, title).toBeGreaterThan(15);
      expect(description, title).toMatch(/\.$/);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(sources.get(datasource?.uid ?? ""), title).toBe(datasource?.type);
      expect(targets.length, title).toBeGreaterThan(0);
      const refIds = targets.map(({ refId }) => refId);
      expect(new Set(refIds).size, title).toBe(refIds.length);
    }
  });

  it("uses variables that it has, or that Grafana has", () => {
    const own = new Set(json.templating?.list?.map(({ name }) => name));
    const text = JSON.stringify(panels.map(({ targets }) => targets));
    for (const [, name = ""] of text.matchAll(/\$\{?([a-z_]\w*)/g)) {
      if (!name.startsWith("__")) expect(own, `$${name}`).toContain(name);
    }
    for (const name of own) expect(text, `$${name} is used`).toContain(`$${name}`);
  });

  it("leads to dashboards and panels that exist", () => {
    for (const [, uid = "", panel] of JSON.stringify(json).matchAll(/\/d\/([\w-]+)(?:\?viewPanel=panel-(\d+))?/g)) {
      const target = dashboards.find((each) => each.uid === uid);
      if (target === undefined) throw new Error(`There is no dashboard ${uid}`);
      if (panel !== undefined) expect(everyPanel(target).map(({ id }) => id)).toContain(Number(panel));
    }
  });

  it("reads metrics that somebody declares", () => {
    for (const { targets = [], title } of panels) {
      for (const { datasource, expr } of targets as { datasource: { type: string }; expr: string }[]) {
        if (datasource.type !== "prometheus") continue;
        const unknown = metricsIn(expr).filter((name) => !declared.has(name));
        expect(unknown, `${title}: ${expr}`).toEqual([]);
      }
    }
  });
});

const declared: ReadonlySet<string> = new Set([
  ...metricsOf({ metric, ...engineMetrics }).flatMap((one) => {
    const name = seriesName(one);
    return one.instrument === "histogram" ? ["_bucket", "_count", "_sum"].map((part) => name + part) : [name];
  }),
  ...prometheusFiles({ services, objectives: shopObjectives })
    .flatMap(({ text }) => [...text.matchAll(/record: (\S+)/g)])
    .map(([, record = ""]) => record),
  // Prometheus's own: of alerts, and of resources.
  "ALERTS",
  "target_info",
]);

/** Tables of metrics have metrics, or tables. */
function metricsOf(tables: object): readonly DeclaredMetric[] {
  return Object.values(tables).flatMap((one) => ("instrument" in one ? [one as DeclaredMetric] : metricsOf(one)));
}

/** The names in an expression that are neither functions, nor labels, nor words of the language. */
function metricsIn(expression: string): readonly string[] {
  const named = [...expression.matchAll(/__name__=~"([^"]+)"/g)].flatMap(([, names = ""]) => names.split("|"));
  const bare = expression
    .replace(/"[^"]*"/g, "")
    .replace(/\b(?:by|on|group_left|ignoring) \([^)]*\)/g, "")
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, "");
  const words = bare.match(/\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g) ?? [];
  return [...named, ...words.filter((word) => !["or", "and", "unless", "by", "on"].includes(word))];
}
