import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { parsePlainSearch, stringifyPlainSearch } from "../shared/plain-search.ts";
import { BasicPage } from "./basic/basic-page.tsx";
import { Problem } from "./layout/problem.tsx";
import { Shell } from "./layout/shell.tsx";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <p>There is no such page.</p>,
});

const basic = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: ({ find }: Record<string, unknown>): { find?: string } =>
    typeof find === "string" && find !== "" ? { find } : {},
  component: BasicPage,
});

const advanced = createRoute({
  getParentRoute: () => root,
  path: "/advanced",
  component: lazyRouteComponent(() => import("./advanced/advanced-page.tsx"), "AdvancedPage"),
});

const scheduler = createRoute({
  getParentRoute: () => root,
  path: "/scheduler",
  component: lazyRouteComponent(() => import("./scheduler/scheduler-page.tsx"), "SchedulerPage"),
});

/** The pages, at the addresses that the OpenTelemetry Demo has them at. */
export const router = createRouter({
  routeTree: root.addChildren([basic, advanced, scheduler]),
  basepath: "/feature",
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: ({ error }) => <Problem error={error} />,
  parseSearch: parsePlainSearch,
  stringifySearch: stringifyPlainSearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
