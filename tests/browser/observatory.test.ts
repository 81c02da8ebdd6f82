import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Customer, flashlight } from "../customer.ts";
import { startShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";

let shop: Awaited<ReturnType<typeof startShop>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [shop, browser] = await Promise.all([startShop({ observatory: true }), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await shop?.stop();
});

beforeEach(async () => {
  context = await newShopper(browser, shop.url);
  page = await context.newPage();
});

afterEach(() => context.close());

/** Buys something; returns the order's id. */
async function buy(): Promise<string> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight);
  const { status, body } = await customer.checksOut();
  expect(status).toBe(200);
  return body.orderId;
}

const spans = () => page.getByRole("treeitem");

describe("an order", () => {
  it("is followed from the click to its trace, its services and its logs", async () => {
    await page.goto("/product/L9ECAV7KIM");
    await page.locator('[data-cy="product-add-to-cart"]').click();
    await page.waitForURL("**/cart");
    await page.locator('[data-cy="checkout-place-order"]:enabled').click();
    await page.waitForURL("**/cart/checkout/*");
    const orderId = new URL(page.url()).pathname.split("/").at(-1) ?? "";

    await page.goto("/observatory/");
    await page.getByRole("button", { name: /^Live/ }).waitFor();
    await page.keyboard.press("/");
    const field = page.getByRole("combobox", { name: /order id/ });
    await field.fill(orderId);
    const found = page.waitForURL(/\/observatory\/traces\/[0-9a-f]{32}$/);
    // The order may be younger than the last export: who is told so tries again.
    const trying = setInterval(() => void field.press("Enter", { timeout: 500 }).catch(() => {}), 700);
    await found.finally(() => clearInterval(trying));

    const services = page.getByRole("list", { name: "Own time of each service" });
    for (const service of ["frontend-proxy", "checkout", "payment", "accounting", "fraud-detection"]) {
      await services.getByText(service, { exact: true }).waitFor();
    }
    await spans().filter({ hasText: "PaymentService/Charge" }).last().click();
    const details = page.getByRole("complementary", { name: "Span" });
    await details.getByText("payment.charged", { exact: true }).waitFor();

    await page.locator('a[href*="/observatory/logs?"][href*="trace="]').first().click();
    await page.waitForURL("**/observatory/logs?*trace=*");
    await page.getByText("order.placed").first().waitFor();
  }, 60_000);

  it("shows on the map, without anybody reloading the page", async () => {
    await page.goto("/observatory/");
    await page.locator('.react-flow__node[data-id="checkout"]').waitFor();
    await buy();
    await page.locator('.react-flow__node[data-id="checkout"]').filter({ hasText: "p95" }).waitFor();
    await page.locator('.react-flow__node[data-id="checkout"]').click();
    await page.waitForURL("**/observatory/?*node=checkout*");
    await page.getByRole("complementary", { name: "Details" }).getByText("topic/orders").waitFor();
  }, 60_000);
});

describe("the pages", () => {
  it("ask nobody but the shop, and run under their content security policy", async () => {
    const requested: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await buy();
    for (const path of ["", "traces", "metrics", "logs", "slos", "sql", "status"]) {
      await page.goto(`/observatory/${path}`);
      await page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
    }
    expect(requested.filter((url) => !url.startsWith(shop.url))).toEqual([]);
    expect(complaints).toEqual([]);
  }, 60_000);

  it("a tab has one stream, whatever it shows", async () => {
    let open = 0;
    let most = 0;
    const isWatch = (url: string) => url.endsWith("/orrery.observatory.v1.ObservatoryService/Watch");
    page.on("request", (request) => {
      if (isWatch(request.url())) most = Math.max(most, ++open);
    });
    const closed = (request: { url(): string }) => {
      if (isWatch(request.url())) open--;
    };
    page.on("requestfailed", closed);
    page.on("requestfinished", closed);
    await page.goto("/observatory/");
    await page.getByRole("button", { name: /^Live/ }).waitFor();
    for (const view of ["Logs", "Metrics", "Status", "Map"]) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
      await page
        .getByRole("main")
        .getByRole("heading", { level: 1, name: view === "Metrics" ? "Golden signals" : view })
        .waitFor();
    }
    await expect.poll(() => open).toBe(1);
    expect(most).toBeLessThanOrEqual(2);
  }, 60_000);

  it("say that the store is out of reach, and go on when it is back", async () => {
    await page.route("**/orrery.observatory.v1.ObservatoryService/Watch", (route) => route.abort());
    await page.goto("/observatory/status");
    await page.getByText("Not connected.").waitFor();
    await page.unroute("**/orrery.observatory.v1.ObservatoryService/Watch");
    await page.getByRole("button", { name: /^Live/ }).waitFor({ timeout: 20_000 });
  }, 60_000);

  it("hostile text in an address is shown as text", async () => {
    const hostile = '<img src=x onerror="document.title=1">';
    await page.goto(`/observatory/traces?operation=${encodeURIComponent(hostile)}&service=checkout`);
    await page.getByText("No trace fits").waitFor();
    expect(await page.getByLabel("Operation").inputValue()).toBe(hostile);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  it("SQL that writes is refused in words", async () => {
    await page.goto(`/observatory/sql?sql=${encodeURIComponent("drop table spans")}`);
    await page.getByRole("alert").waitFor();
    await page.goto(`/observatory/sql?sql=${encodeURIComponent("select 7 * 6 as answer")}`);
    await page.getByRole("cell", { name: "42" }).waitFor();
    expect(await page.getByRole("link", { name: "CSV" }).getAttribute("href")).toContain("format=csv");
  });
});

describe("by keyboard", () => {
  it("a trace is walked with the arrow keys", async () => {
    const orderId = await buy();
    await expect
      .poll(
        async () => {
          await page.goto(`/observatory/traces?order=${orderId}&range=15m`);
          return page.locator('main a[href*="/observatory/traces/"]').first().isVisible();
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(true);
    await page.locator('main a[href*="/observatory/traces/"]').first().press("Enter");
    const tree = page.getByRole("tree");
    await tree.focus();
    await page.keyboard.press("Home");
    const root = spans().first();
    await expect.poll(() => root.getAttribute("aria-selected")).toBe("true");
    const before = await spans().count();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => root.getAttribute("aria-expanded")).toBe("false");
    await expect.poll(() => spans().count()).toBeLessThan(before);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => spans().nth(1).getAttribute("aria-selected")).toBe("true");
    await page.getByRole("complementary", { name: "Span" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("complementary", { name: "Span" }).count()).toBe(0);
  }, 60_000);
});
