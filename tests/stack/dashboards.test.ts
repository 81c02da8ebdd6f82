import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Dashboard, dashboardJson } from "../../src/deploy/grafana/dashboard.ts";
import { dashboards } from "../../src/deploy/grafana/dashboards.ts";
import { datasource, datasourceFiles } from "../../src/deploy/grafana/datasources.ts";
import type { Panel } from "../../src/deploy/grafana/panel.ts";
import type { Query } from "../../src/deploy/grafana/query.ts";
import { eventually } from "../eventually.ts";
import { answersTo, type Values, valuesOf } from "./grafana-queries.ts";
import { refundOnce, startWholeStack, Traffic, visitWithBrowser, type WholeStack } from "./whole-stack.ts";

let stack: WholeStack;
let traffic: Traffic;

beforeAll(async () => {
  stack = await startWholeStack();
  traffic = new Traffic(stack);
  await visitWithBrowser(stack.url);
  await refundOnce(stack);
  await stack.flags.setFlag({ key: "adNoisyLogs", variant: "on" });
  await eventually(() => expect(traffic.placed).toBeGreaterThan(30), 60_000);
  await stack.withoutSome(async () => {
    // Until so many have failed that they are counted, and that somebody is told.
    await eventually(async () => {
      expect(Math.min(traffic.failed.orders, traffic.failed.pictures)).toBeGreaterThan(20);
      expect((await answersTo(raised, stack.backends, {})).count).toBeGreaterThan(0);
    }, 90_000);
  });
  const { placed } = traffic;
  await eventually(() => expect(traffic.placed).toBeGreaterThan(placed), 60_000);
  await visitWithBrowser(stack.url);
}, 400_000);
afterAll(async () => {
  await traffic?.stop();
  await stack?.stop();
});

const raised: Query = { refId: "A", source: "metrics", expr: 'ALERTS{alertstate="firing"}', instant: true };

/**
 * What shows nothing in a shop that is well, and is not brought about here; by the dashboard and the panel. Others that
 * are quiet in health are asked like all the rest: there are declined cards, a refund, and a service that is away.
 */
const unasked: readonly (readonly [uid: string, panel: string, why: string])[] = [
  ["orrery-load", "Arrivals given up", "tests/load/load-generator.test.ts has more arrivals than there are users"],
  ["orrery-orders", "Orders that recovery moved on", "tests/saga-crash.test.ts ends checkout in the midst of orders"],
  ["orrery-envoy", "Limited and left out", "a host is left out, and an address limited, under floods only"],
  ["orrery-postgresql", "Statements that fail", "tests/database-outage.test.ts takes the database away"],
  ["orrery-collector", "Refused and not sent", "tests/stack/pipeline.test.ts takes a backend away"],
  ["orrery-collector", "Scrapes that failed", "all stores are there"],
  ["orrery-telemetry", "Lost on the way", "the Collector takes all; tests/stack/alerts.test.ts has one that does not"],
];
/** Queries of panels of which others have something to show. */
const partlyUnasked: readonly (readonly [uid: string, panel: string, refId: string, why: string])[] = [
  ["orrery-envoy", "What did not go well at first", "timeouts", "no service takes 17 seconds"],
  ["orrery-envoy", "What did not go well at first", "overflows", "thousands of requests would have to wait at once"],
];

interface Asked {
  readonly panel: string;
  readonly query: Query;
  /** Labels that a table has as columns. */
  readonly columns: readonly string[];
}

/** Labels that a legend or a column shows, and no answer has. */
function missingNames({ query, columns }: Asked, labels: ReadonlySet<string>): readonly string[] {
  const inLegend = [...(query.legend ?? "").matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
  return [...inLegend, ...columns].filter((label) => !labels.has(label));
}

function everyQuery({ sections }: Dashboard): readonly Asked[] {
  return sections
    .flatMap(({ lines }) => lines)
    .flatMap(({ panels }) => panels)
    .flatMap(([, panel]) => {
      const columns = columnsOf(panel).filter((field) => !field.startsWith("Value"));
      return panel.queries.map((query) => ({ panel: panel.json.title ?? "", query, columns }));
    });
}

function columnsOf({ json }: Panel): readonly string[] {
  const organized = json.transformations?.find(({ id }) => id === "organize");
  const { includeByName = {} } = (organized?.options ?? {}) as { readonly includeByName?: object };
  return Object.keys(includeByName);
}

/** Every choice that a dashboard's variables leave. */
async function choices({ variables = [] }: Dashboard): Promise<readonly Values[]> {
  let all: Values[] = [{}];
  for (const variable of variables) {
    const values = await valuesOf(variable, stack.backends);
    all = all.flatMap((chosen) => values.map((value) => ({ ...chosen, [variable.name]: value })));
  }
  return all;
}

describe.each(dashboards.map((dashboard) => ({ uid: dashboard.uid, dashboard })))("$uid", ({ uid, dashboard }) => {
  const queries = everyQuery(dashboard);
  const mayBeEmpty = ({ panel, query }: Asked) =>
    unasked.some(([of, name]) => of === uid && name === panel) ||
    partlyUnasked.some(([of, name, refId]) => of === uid && name === panel && refId === query.refId);

  it.runIf(queries.length > 0)(
    "has an answer to every query of every panel",
    async () => {
      const settings = await eventually(() => choices(dashboard), 30_000);
      // What cannot be understood is not asked again and again.
      for (const { query } of queries) await answersTo(query, stack.backends, settings[0] ?? {});
      const open = new Set(queries.filter((asked) => !mayBeEmpty(asked)));
      const named = new Map([...open].map((asked) => [asked, new Set<string>()]));
      await eventually(async () => {
        for (const [asked, names] of named) {
          for (const values of open.has(asked) ? settings : []) {
            const { count, labels } = await answersTo(asked.query, stack.backends, values);
            for (const label of labels) names.add(label);
            if (count === 0 || missingNames(asked, names).length > 0) continue;
            open.delete(asked);
            break;
          }
        }
        const lacking = [...open].map((asked) => {
          const missing = missingNames(asked, named.get(asked) ?? new Set()).join(", ");
          return `${asked.panel}, ${asked.query.refId} (lacks ${missing || "all"}): ${asked.query.expr}`;
        });
        expect(lacking).toEqual([]);
      }, 60_000);
    },
    120_000,
  );

  it("says of what is not asked when it is empty", () => {
    const quiet = dashboard.sections
      .flatMap(({ lines }) => lines)
      .flatMap(({ panels }) => panels)
      .filter(([, panel]) => panel.quiet !== undefined)
      .map(([, { json }]) => json.title);
    for (const [of, name] of [...unasked, ...partlyUnasked]) if (of === uid) expect(quiet).toContain(name);
  });
});

it("marks what happened: starts, stops, alerts", async () => {
  const marks = dashboards[0] === undefined ? [] : (dashboardJson(dashboards[0]).annotations?.list ?? []);
  const answers = new Map<string, number>();
  for (const { name, datasource: asked, target } of marks) {
    const source = asked?.uid === datasource.logs.uid ? "logs" : "metrics";
    const { expr } = target as unknown as { readonly expr: string };
    answers.set(name, (await answersTo({ refId: name, source, expr }, stack.backends, {})).count);
  }
  expect(answers.get("Starts and stops")).toBeGreaterThan(0);
  expect(answers.get("Alerts")).toBeGreaterThan(0);
  expect([...answers.keys()]).toEqual(["Deployments", "Configuration", "Starts and stops", "Alerts"]);
});

it("leads from a measurement to its trace, and from there to what was logged and measured", async () => {
  const { metrics, traces } = stack.backends;
  const [file] = datasourceFiles();
  const { datasources } = parse(file?.text ?? "") as { readonly datasources: readonly { readonly jsonData: Jumps }[] };
  const jumps = datasources.map(({ jsonData }) => jsonData).find(({ tracesToLogsV2 }) => tracesToLogsV2 !== undefined);
  await eventually(async () => {
    const end = Date.now() / 1_000;
    const parameters = new URLSearchParams({
      query: 'rpc_server_call_duration_seconds_bucket{service_name="checkout"}',
      start: String(end - 300),
      end: String(end),
    });
    const { data } = await json<Exemplars>(`${metrics}/api/v1/query_exemplars?${parameters}`);
    const id = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id)).at(-1);
    const [trace] = (await json<Traces>(`${traces}/api/traces/${id}`)).data;
    const instances = Object.values(trace?.processes ?? {}).flatMap(({ tags }) =>
      tags.filter(({ key }) => key === "service.instance.id").map(({ value }) => value),
    );
    expect(instances).not.toEqual([]);
    const there = async (source: Query["source"], expr: string) =>
      (await answersTo({ refId: "A", source, expr, limit: 100 }, stack.backends, {})).count;
    const inTrace = jumps?.tracesToLogsV2?.query.replace("$${__trace.traceId}", id ?? "") ?? "";
    expect(await there("logs", inTrace)).toBeGreaterThan(0);
    const ofInstances = `service_instance_id=~"${instances.join("|")}"`;
    for (const { name, query } of jumps?.tracesToMetrics?.queries ?? []) {
      // Of failures there need be none.
      const count = await there("metrics", query.replace("$$__tags", ofInstances));
      if (name !== "Failures") expect(count, name).toBeGreaterThan(0);
    }
  }, 30_000);
});

interface Jumps {
  readonly tracesToLogsV2?: { readonly query: string };
  readonly tracesToMetrics?: { readonly queries: readonly { readonly name: string; readonly query: string }[] };
}
interface Exemplars {
  readonly data: readonly { readonly exemplars: readonly { readonly labels: { readonly trace_id: string } }[] }[];
}
interface Traces {
  readonly data: readonly {
    readonly processes: Readonly<
      Record<string, { readonly tags: readonly { readonly key: string; readonly value: string }[] }>
    >;
  }[];
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}
