// Takes the pictures of the walkthrough in docs/scenarios.md on a running shop, whose flag and load it changes and puts
// back: node scripts/render-walkthrough.ts http://localhost:8080. It takes some ten minutes, for it waits for alerts.
import type { Page } from "playwright-core";
import { launchBrowser } from "../src/load/chromium.ts";
import { picture as pictureNamed, pictureScreen } from "./page-picture.ts";

const [, , url = "http://localhost:8080"] = process.argv;
const flag = "paymentFailure";
const users = 20;
/** An alert comes within some minutes; so does its end. */
const patienceMs = 15 * 60_000;

const picture = (page: Page, name: string, height?: number) => pictureNamed(page, `walkthrough-${name}`, height);

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body ?? {}) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** The charge that failed last in an order of few spans. */
async function failedCharge(): Promise<{ readonly traceId: string; readonly spanId: string }> {
  const sql = `select trace_id, span_id from spans where service = 'payment' and is_error and trace_id in
    (select trace_id from spans where name = 'user_checkout_single') order by start_time desc limit 1`;
  const answer = (await ask("POST", "/orrery.observatory.v1.ObservatoryService/RunQuery", { sql })) as {
    readonly rows?: readonly (readonly [string, string])[];
  };
  const [row] = answer.rows ?? [];
  if (row === undefined) throw new Error("No charge has failed in an order of the load generator's.");
  return { traceId: row[0], spanId: row[1] };
}

/** Sets the variant by the flag page, as a person would. */
async function setFlag(page: Page, variant: string): Promise<void> {
  await page.goto(`/feature/?find=${flag}`);
  const card = page.getByRole("article", { name: flag, exact: true });
  await card.getByRole("combobox").selectOption(variant);
  await page.getByText(`${flag} is ${variant} now.`).waitFor();
}

/** Buys until an order is refused. */
async function refusedOrder(page: Page): Promise<void> {
  for (;;) {
    await page.goto("/product/L9ECAV7KIM");
    await page.locator('[data-cy="product-add-to-cart"]').click();
    await page.waitForURL("**/cart");
    await page.locator('[data-cy="checkout-place-order"]:enabled').click();
    const refused = page.getByRole("alert");
    await Promise.race([refused.waitFor(), page.waitForURL("**/cart/checkout/*")]);
    if (await refused.isVisible()) return;
  }
}

const browser = await launchBrowser();
const context = await browser.newContext({ baseURL: url, ...pictureScreen });
context.setDefaultTimeout(60_000);
const page = await context.newPage();
const alert = (name: string) => page.getByRole("row", { name });
const alerts = ["payment-availability-page", "checkout-availability-page"];
try {
  await page.goto("/observatory/load");
  await page.getByRole("spinbutton", { name: "Users" }).fill(String(users));
  await page
    .getByRole("button", { name: "Change" })
    .or(page.getByRole("button", { name: "Start" }))
    .click();
  // So much that the charts show how it was before.
  await page.waitForTimeout(120_000);
  await picture(page, "load");

  await setFlag(page, "50%");
  await page.getByText("What it does").click();
  await picture(page, "flag", 620);
  await refusedOrder(page);
  await picture(page, "customer");

  await page.goto("/observatory/slos?range=5m#payment-availability-page");
  for (const name of alerts) await alert(name).filter({ hasText: "firing" }).waitFor({ timeout: patienceMs });
  await picture(page, "alert");

  // The map shows the last minute: all of it with the fault.
  await page.waitForTimeout(60_000);
  await page.goto("/observatory/");
  await page.locator('.react-flow__node[data-id="payment"]').filter({ hasText: "%" }).waitFor();
  await picture(page, "map");
  await page.goto("/observatory/?node=payment");
  await page.locator('.react-flow__node[data-id="payment"]').waitFor();
  await page.getByRole("complementary", { name: "Details" }).waitFor();
  await picture(page, "payment");

  const { traceId, spanId } = await failedCharge();
  await page.goto(`/observatory/traces/${traceId}?span=${spanId}`);
  await page.getByRole("complementary", { name: "Span" }).waitFor();
  await picture(page, "trace");

  await page.goto(`/observatory/logs?trace=${traceId}`);
  const record = page.locator("main ol li").filter({ hasText: "Flag evaluated" }).filter({ hasText: "payment" });
  await record.first().locator("button, summary").first().click();
  await picture(page, "logs");

  await setFlag(page, "off");
  await page.goto("/observatory/slos?range=15m#payment-availability-page");
  for (const name of alerts) await alert(name).filter({ hasText: "cleared" }).waitFor({ timeout: patienceMs });
  await page.getByRole("cell", { name: "firing" }).first().waitFor({ state: "detached", timeout: patienceMs });
  await picture(page, "cleared");
} finally {
  await ask("POST", "/orrery.flags.v1.FlagService/ClearFlags", { keys: [flag] });
  await ask("PATCH", "/loadgen/api/v1/settings", { users: 5 });
  await browser.close();
}
