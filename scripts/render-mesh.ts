// Takes the pictures of docs/monitoring.md on a running mesh, whose flag and load it changes and puts back:
//   node scripts/render-mesh.ts http://localhost:8080 http://localhost:9090
// The second is Prometheus with its pages, which the native one lacks; without it there are none of it. It takes some minutes,
// for it waits for an alert.
import type { Page } from "playwright-core";
import { launchBrowser } from "../src/load/chromium.ts";
import { picture, pictureScreen } from "./page-picture.ts";

const [, , url = "http://localhost:8080", prometheus] = process.argv;
const flag = "paymentFailure";
/** What the flag raises, in Prometheus and in the Observatory. */
const alert = "payment-availability-page";
const users = 20;
const patienceMs = 15 * 60_000;

async function ask(method: string, path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** An order of few spans that both consumers have read. */
async function readOrder(): Promise<string> {
  const sql = `select trace_id from spans where trace_id in (select trace_id from spans where service = 'accounting')
      and trace_id in (select trace_id from spans where service = 'fraud-detection')
      and trace_id in (select trace_id from spans where service = 'frontend-proxy')
    group by trace_id having not bool_or(is_error) order by count(*), max(start_time) desc limit 1`;
  const answer = (await ask("POST", "/orrery.observatory.v1.ObservatoryService/RunQuery", { sql })) as {
    readonly rows?: readonly (readonly [string])[];
  };
  const [row] = answer.rows ?? [];
  if (row === undefined) throw new Error("No order has come through the mesh.");
  return row[0];
}

/** Prometheus' own pages. */
async function ofPrometheus(page: Page, address: string): Promise<void> {
  const query = {
    "g0.expr": "sum by (service_name) (rate(rpc_server_call_duration_seconds_count[1m]))",
    "g0.tab": "graph",
    "g0.range_input": "5m",
  };
  await page.goto(`${address}/query?${new URLSearchParams(query)}`);
  await page.locator("canvas").first().waitFor();
  await picture(page, "monitoring-prometheus-query");

  await ask("POST", "/orrery.flags.v1.FlagService/SetFlag", { key: flag, variant: "50%" });
  const until = performance.now() + patienceMs;
  while (!(await isFiring(address, alert))) {
    if (performance.now() > until) throw new Error(`${alert} has not come.`);
    await page.waitForTimeout(5_000);
  }
  await page.goto(`${address}/alerts?${new URLSearchParams({ search: alert })}`);
  await page.getByText(alert, { exact: true }).click();
  await picture(page, "monitoring-prometheus-alerts");
}

async function isFiring(address: string, name: string): Promise<boolean> {
  const { data } = (await (await fetch(`${address}/api/v1/alerts`)).json()) as {
    readonly data: {
      readonly alerts: readonly { readonly state: string; readonly labels: { readonly alertname: string } }[];
    };
  };
  return data.alerts.some(({ state, labels }) => state === "firing" && labels.alertname === name);
}

const browser = await launchBrowser();
const context = await browser.newContext({ baseURL: url, ...pictureScreen });
context.setDefaultTimeout(60_000);
const page = await context.newPage();
try {
  await ask("POST", "/loadgen/api/v1/start", { users });
  // The map shows the last minute, and charts more of it.
  await page.waitForTimeout(150_000);
  await page.goto("/observatory/");
  await page.locator('.react-flow__node[data-id="frontend-proxy"]').waitFor();
  await picture(page, "monitoring-map");

  await page.goto(`/observatory/traces/${await readOrder()}`);
  await page.getByText("fraud-detection").first().waitFor();
  await picture(page, "monitoring-order");

  if (prometheus !== undefined) await ofPrometheus(page, prometheus);
} finally {
  await ask("POST", "/orrery.flags.v1.FlagService/ClearFlags", { keys: [flag] });
  await ask("POST", "/loadgen/api/v1/stop", {});
  await browser.close();
}
