import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";

let shop: Awaited<ReturnType<typeof startShop>>;
let browser: Browser;

beforeAll(async () => {
  [shop, browser] = await Promise.all([startShop(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await shop?.stop();
});

type Visit = { readonly name: string; readonly open: (page: Page) => Promise<void> };

async function openCart(page: Page): Promise<void> {
  await page.goto("/product/2ZYFJ3GM2N");
  await page.locator('[data-cy="product-add-to-cart"]').click();
  await page.waitForURL("**/cart");
  await page.locator('[data-cy="checkout-place-order"]:enabled').waitFor();
}

/** In this order: the order page and the list of orders need what the cart left. */
const visits: readonly Visit[] = [
  {
    name: "home",
    open: async (page) => {
      await page.goto("/");
      await page.locator('[data-cy="product-card"]').first().waitFor();
    },
  },
  {
    name: "category",
    open: async (page) => {
      await page.goto("/category/accessories");
      await page.locator('[data-cy="product-card"]').first().waitFor();
    },
  },
  {
    name: "search without a result",
    open: async (page) => {
      await page.goto("/search?q=qqqqqqqqqq");
      await page.getByRole("heading", { name: "Nothing found" }).waitFor();
    },
  },
  {
    name: "product",
    open: async (page) => {
      await page.goto("/product/66VCHSJNUP");
      await page.locator('[data-cy="recommendation-list"]').waitFor();
    },
  },
  {
    name: "empty cart",
    open: async (page) => {
      await page.goto("/cart");
      await page.getByRole("heading", { name: "Your cart is empty" }).waitFor();
    },
  },
  { name: "cart", open: openCart },
  {
    name: "cart menu",
    open: async (page) => {
      await page.locator('[data-cy="cart-icon"]').click();
      await page.locator('[data-cy="cart-dropdown-item"]').first().waitFor();
    },
  },
  {
    name: "refused card",
    open: async (page) => {
      await page.keyboard.press("Escape");
      await page.locator("#credit_card_number").fill("3782 822463 10005");
      await page.locator('[data-cy="checkout-place-order"]').click();
      await page.getByText("We do not take this kind of card").waitFor();
    },
  },
  {
    name: "order",
    open: async (page) => {
      await page.locator("#credit_card_number").fill("4432-8015-6152-0454");
      await page.locator('[data-cy="checkout-place-order"]').click();
      await page.locator('[data-cy="checkout-item"]').first().waitFor();
    },
  },
  {
    name: "my orders",
    open: async (page) => {
      await page.goto("/orders");
      await page.locator('main a[href^="/cart/checkout/"]').first().waitFor();
    },
  },
  {
    name: "unknown product",
    open: async (page) => {
      await page.goto("/product/NOSUCHTHING");
      await page.getByRole("heading", { name: "We do not have this product" }).waitFor();
    },
  },
];

// One width a scheme: the colours do not depend on the width, nor the layout on the scheme.
describe.each([
  { scheme: "light", width: 1280 },
  { scheme: "dark", width: 360 },
] as const)("in the $scheme scheme, $width px wide", ({ scheme, width }) => {
  it("axe finds nothing on any page, and no page scrolls sideways", async () => {
    const context = await newShopper(browser, shop.url, { colorScheme: scheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    const found: Record<string, string[]> = {};
    for (const { name, open } of visits) {
      await open(page);
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      const problems = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
      const pageWidth = await page.evaluate("document.documentElement.scrollWidth");
      if (pageWidth !== width) problems.push(`the page is ${pageWidth} px wide`);
      if (problems.length > 0) found[name] = problems;
    }
    await context.close();
    expect(found).toEqual({});
  }, 90_000);
});
