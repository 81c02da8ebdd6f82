import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Customer, flashlight } from "../customer.ts";
import { startShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";
import { pageProblems } from "./page-problems.ts";

let shop: Awaited<ReturnType<typeof startShop>>;
let browser: Browser;

beforeAll(async () => {
  [shop, browser] = await Promise.all([startShop({ observatory: true }), launchBrowser()]);
  const customer = new Customer(shop.url);
  await customer.puts(flashlight);
  await customer.checksOut();
});

afterAll(async () => {
  await browser?.close();
  await shop?.stop();
});

/** Each view, and what shows that it has something to show. */
const views = [
  { path: "", ready: '.react-flow__node[data-id="checkout"]' },
  { path: "?node=checkout", ready: "aside table" },
  { path: "?view=table", ready: "main table" },
  { path: "traces", ready: "main tbody a" },
  { path: "metrics?metric=rpc.server.call.duration", ready: "canvas" },
  { path: "metrics?board=business", ready: "canvas" },
  { path: "logs", ready: "main ol li" },
  { path: "slos", ready: "article" },
  { path: "scenarios?truth=show", ready: "main tbody td" },
  { path: "scenarios/payment-failure?truth=show", ready: "section[aria-label='The truth'] li" },
  { path: "load", ready: "text=There is no load generator" },
  { path: "sql?sql=select%20service%2C%20name%20from%20spans%20limit%205", ready: "main td" },
  { path: "status", ready: "main td" },
] as const;

// One scheme a width: the colours do not depend on the width, nor the layout on the scheme.
describe.each([
  { scheme: "light", width: 1280 },
  { scheme: "dark", width: 834 },
  { scheme: "light", width: 360 },
] as const)("the Observatory in the $scheme scheme, $width px wide", ({ scheme, width }) => {
  it("axe finds nothing on any view, and no view scrolls sideways", async () => {
    const context = await newShopper(browser, shop.url, { colorScheme: scheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const found: Record<string, readonly string[]> = {};
    const examine = async (name: string) => {
      const problems = await pageProblems(page);
      if (problems.length > 0) found[name] = problems;
    };
    for (const { path, ready } of views) {
      await page.goto(`/observatory/${path}`);
      await page.locator(ready).first().waitFor();
      await examine(path);
      if (path !== "traces") continue;
      await page.locator(ready).first().click();
      await page.getByRole("treeitem").first().click();
      await page.getByRole("complementary", { name: "Span" }).waitFor();
      await examine("trace");
    }
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: "Find" }).waitFor();
    await examine("quick search");
    await context.close();
    expect(found).toEqual({});
  }, 180_000);
});
