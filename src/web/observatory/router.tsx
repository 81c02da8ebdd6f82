import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type SearchMiddleware,
} from "@tanstack/react-router";
import { parsePlainSearch, stringifyPlainSearch } from "../shared/plain-search.ts";
import { Shell } from "./layout/shell.tsx";
import { Nothing, Problem } from "./live/problem.tsx";

/** Takes the named values out of a query string; what else is in it is dropped. */
function texts<Key extends string>(...keys: readonly Key[]) {
  return (given: Record<string, unknown>) => {
    const found: { [K in Key]?: string | undefined } = {};
    for (const key of keys) {
      const value = given[key];
      if (typeof value === "string" && value !== "") found[key] = value;
    }
    return found;
  };
}

/** The time range goes along from view to view. */
const keepRange: SearchMiddleware<{ range?: string | undefined }> = ({ search, next }) => {
  const after = next(search);
  return after.range === undefined && search.range !== undefined ? { ...after, range: search.range } : after;
};

const root = createRootRoute({
  component: Shell,
  validateSearch: texts("range"),
  search: { middlewares: [keepRange] },
  notFoundComponent: () => <Nothing title="There is no such view" />,
});

const map = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: texts("node", "edge", "view", "silent"),
  component: lazyRouteComponent(() => import("./map/map-page.tsx"), "MapPage"),
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: texts("service", "operation", "attributes", "min", "max", "errors", "session", "order", "limit"),
  component: lazyRouteComponent(() => import("./traces/search-page.tsx"), "SearchPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/traces/compare",
  validateSearch: texts("a", "b"),
  component: lazyRouteComponent(() => import("./traces/compare-page.tsx"), "ComparePage"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$traceId",
  validateSearch: texts("span", "find"),
  component: lazyRouteComponent(() => import("./traces/trace-page.tsx"), "TracePage"),
});

const metrics = createRoute({
  getParentRoute: () => root,
  path: "/metrics",
  validateSearch: texts("metric", "service", "show", "group", "board", "find"),
  component: lazyRouteComponent(() => import("./metrics/metrics-page.tsx"), "MetricsPage"),
});

const logs = createRoute({
  getParentRoute: () => root,
  path: "/logs",
  validateSearch: texts("service", "text", "event", "severity", "trace"),
  component: lazyRouteComponent(() => import("./logs/logs-page.tsx"), "LogsPage"),
});

const objectives = createRoute({
  getParentRoute: () => root,
  path: "/slos",
  component: lazyRouteComponent(() => import("./objectives/objectives-page.tsx"), "ObjectivesPage"),
});

const scenarios = createRoute({
  getParentRoute: () => root,
  path: "/scenarios",
  validateSearch: texts("find", "difficulty", "category", "truth"),
  component: lazyRouteComponent(() => import("./scenarios/scenarios-page.tsx"), "ScenariosPage"),
});

const scenario = createRoute({
  getParentRoute: () => root,
  path: "/scenarios/$scenarioId",
  validateSearch: texts("truth"),
  component: lazyRouteComponent(() => import("./scenarios/scenario-page.tsx"), "ScenarioPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/scenarios/runs/$runId",
  component: lazyRouteComponent(() => import("./scenarios/run-page.tsx"), "RunPage"),
});

const load = createRoute({
  getParentRoute: () => root,
  path: "/load",
  component: lazyRouteComponent(() => import("./load/load-page.tsx"), "LoadPage"),
});

const sql = createRoute({
  getParentRoute: () => root,
  path: "/sql",
  validateSearch: texts("sql"),
  component: lazyRouteComponent(() => import("./sql/sql-page.tsx"), "SqlPage"),
});

const status = createRoute({
  getParentRoute: () => root,
  path: "/status",
  component: lazyRouteComponent(() => import("./status/status-page.tsx"), "StatusPage"),
});

/** The views; each is an address that can be shared. */
export const router = createRouter({
  routeTree: root.addChildren([
    map,
    traces,
    compare,
    trace,
    metrics,
    logs,
    objectives,
    scenarios,
    scenario,
    run,
    load,
    sql,
    status,
  ]),
  basepath: "/observatory",
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: ({ error }) => (
    <div className="page">
      <Problem error={error} onRetry={() => window.location.reload()} />
    </div>
  ),
  parseSearch: parsePlainSearch,
  stringifySearch: stringifyPlainSearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
