// Takes the pictures of the walkthrough in docs/scenarios.md on a running shop, whose flag and load it changes and puts
// back: node scripts/render-walkthrough.ts http://localhost:8080. It takes some ten minutes, for it waits for alerts.
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../src/load/chromium.ts";

const folder = join(import.meta.dirname, "..", "docs", "images");
const [, , url = "http://localhost:8080"] = process.argv;
const flag = "paymentFailure";
const users = 20;
/** An alert comes within some minutes; so does its end. */
const patienceMs = 15 * 60_000;

/** Takes a picture when the page is at rest; the colours are few, so that the file is small. */
async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate("document.fonts.ready");
  // Charts are drawn, and pictures faded in, after the text is there.
  await page.waitForTimeout(1_500);
  const png = sharp(await page.screenshot()).png({ palette: true, colours: 128, compressionLevel: 9 });
  const { size } = await png.toFile(join(folder, `walkthrough-${name}.png`));
  console.log(`walkthrough-${name}.png ${Math.round(size / 1000)} kB`);
}

async function ask(method: string, path: string, body?: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body ?? {}) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
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
    await refused
      .or(page.getByRole("heading", { name: /thank|order/i }))
      .first()
      .waitFor();
    if (await refused.isVisible()) return;
  }
}

const browser = await launchBrowser();
const context = await browser.newContext({
  baseURL: url,
  viewport: { width: 1280, height: 800 },
  colorScheme: "light",
  reducedMotion: "reduce",
});
context.setDefaultTimeout(60_000);
const page = await context.newPage();
const alert = page.getByRole("row", { name: "payment-availability-page" });
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
  await picture(page, "flag");
  await refusedOrder(page);
  await picture(page, "customer");

  await page.goto("/observatory/slos?range=5m#payment-availability-page");
  await alert.filter({ hasText: "firing" }).waitFor({ timeout: patienceMs });
  await picture(page, "alert");

  await page.goto("/observatory/?node=payment");
  await page.locator('.react-flow__node[data-id="payment"]').waitFor();
  await page.getByRole("complementary", { name: "Details" }).waitFor();
  await picture(page, "map");

  await page.goto("/observatory/traces?service=payment&errors=1");
  await page.locator("main tbody a").first().click();
  await page.getByRole("treeitem").filter({ hasText: "payment" }).last().click();
  await page.getByRole("complementary", { name: "Span" }).waitFor();
  await picture(page, "trace");

  await page.goto("/observatory/logs?service=payment&severity=warn");
  await page.locator("main ol li").first().waitFor();
  await picture(page, "logs");

  await setFlag(page, "off");
  await page.goto("/observatory/slos?range=15m#payment-availability-page");
  await alert.filter({ hasText: "cleared" }).first().waitFor({ timeout: patienceMs });
  await page.getByRole("cell", { name: "firing" }).waitFor({ state: "detached", timeout: patienceMs });
  await picture(page, "cleared");
} finally {
  await ask("POST", "/orrery.flags.v1.FlagService/ClearFlags", { keys: [flag] });
  await ask("PATCH", "/loadgen/api/v1/settings", { users: 5 });
  await browser.close();
}
