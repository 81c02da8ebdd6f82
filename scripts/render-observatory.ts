// Takes the pictures of the Observatory for README.md and docs/observatory.md on a running shop with its load, in which
// it buys something: node scripts/render-observatory.ts http://localhost:8080
import type { BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../src/load/chromium.ts";
import { picture, pictureScreen, screenshot, writePicture } from "./page-picture.ts";

const [, , url = "http://localhost:8080"] = process.argv;
/** Each of three pictures side by side, and what is left between them. */
const phone = { width: 426, height: 852, gap: 21 };

/** Buys as a person does, and looks around before, so that the browser is on the map. */
async function buy(page: Page): Promise<void> {
  await page.goto("/");
  await page.goto("/product/L9ECAV7KIM");
  await page.locator('[data-cy="product-add-to-cart"]').click();
  await page.waitForURL("**/cart");
  await page.locator('[data-cy="checkout-place-order"]:enabled').click();
  await page.waitForURL("**/cart/checkout/*");
}

/** The trace of the latest order from a browser, when the consumers have told their part of it. */
async function orderTrace(): Promise<string> {
  const sql = `select trace_id from spans where trace_id in
    (select trace_id from spans where service = 'frontend-web' and name = 'POST /api/checkout')
    group by trace_id having count(*) filter (service = 'fraud-detection') > 0 and count(*) filter (service = 'accounting') > 0
    order by max(start_time) desc limit 1`;
  for (;;) {
    const response = await fetch(`${url}/orrery.observatory.v1.ObservatoryService/RunQuery`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql }),
    });
    if (!response.ok) throw new Error(`The Observatory answered ${response.status}: ${await response.text()}`);
    const { rows } = (await response.json()) as { readonly rows?: readonly (readonly [string])[] };
    if (rows?.[0] !== undefined) return rows[0][0];
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const browser = await launchBrowser();
async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, ...pictureScreen, ...options });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

try {
  const wide = await open({ viewport: { width: 1440, height: 900 } });
  await buy(wide);
  const traceId = await orderTrace();
  await wide.goto("/observatory/");
  await wide.locator('.react-flow__node[data-id="frontend-web"]').waitFor();
  await picture(wide, "observatory-map");
  await wide.goto(`/observatory/traces/${traceId}`);
  await wide.getByRole("button", { name: "Critical path" }).waitFor();
  await picture(wide, "observatory-trace");

  const narrow = await open({
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
    colorScheme: "dark",
  });
  const shots: Buffer[] = [];
  await narrow.goto("/observatory/");
  await narrow.locator('.react-flow__node[data-id="frontend-web"]').waitFor();
  shots.push(await screenshot(narrow));
  await narrow.goto(`/observatory/traces/${traceId}`);
  await narrow.getByRole("button", { name: "Critical path" }).waitFor();
  shots.push(await screenshot(narrow));
  await narrow.getByText("PaymentService/Charge").first().click();
  await narrow.getByRole("complementary", { name: "Span" }).waitFor();
  shots.push(await screenshot(narrow));

  const { width, height, gap } = phone;
  const beside = await Promise.all(
    shots.map(async (shot, index) => ({
      input: await sharp(shot).resize(width, height).toBuffer(),
      left: index * (width + gap),
      top: 0,
    })),
  );
  const canvas = { width: 3 * width + 2 * gap, height, channels: 4 as const, background: "#ffffff00" };
  await writePicture("observatory-phone", sharp({ create: canvas }).composite(beside));
} finally {
  await browser.close();
}
