import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";

let shop: Awaited<ReturnType<typeof startShop>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [shop, browser] = await Promise.all([startShop(), launchBrowser()]);
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

const hook = (name: string) => page.locator(`[data-cy="${name}"]`);

describe("the front page", () => {
  it("shows every product, and asks nobody but the shop", async () => {
    const requested: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    await page.goto("/");
    await expect.poll(() => hook("product-card").count()).toBe(10);
    await page.waitForLoadState("networkidle");
    expect(await page.title()).toBe("Orrery - Home");
    expect(await hook("home-page").count()).toBe(1);
    expect(requested.filter((url) => !url.startsWith(shop.url) && !url.startsWith("blob:"))).toEqual([]);
    expect(requested.some((url) => new URL(url).pathname === "/images/products/RoofBinoculars.jpg")).toBe(true);
  });

  it("reads the stored currency before it asks for prices", async () => {
    await page.goto("/");
    await page.locator('[name="currency_code"]').selectOption("JPY");
    await hook("product-price")
      .filter({ hasText: /^¥[\d,]+$/ })
      .first()
      .waitFor();
    const lists: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname === "/api/products") lists.push(url.search);
    });
    await page.reload();
    await hook("product-price")
      .filter({ hasText: /^¥[\d,]+$/ })
      .first()
      .waitFor();
    expect(lists).toEqual(["?currencyCode=JPY"]);
    expect(JSON.parse((await page.evaluate("localStorage.getItem('session')")) as string)).toEqual({
      userId: await hook("session-id").textContent(),
      currencyCode: "JPY",
    });
  });

  it("replaces a stored session that is not one", async () => {
    await page.addInitScript({ content: "localStorage.setItem('session', '{\"userId\":7}')" });
    await page.goto("/");
    await hook("product-card").first().waitFor();
    expect(await hook("session-id").textContent()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await page.locator('[name="currency_code"]').inputValue()).toBe("USD");
  });

  it("offers a way on when the stored currency is not one of the shop's", async () => {
    const session = { userId: "5f2ad0a8-53a4-4d43-b1f0-6f0a8d6f2f6b", currencyCode: "XXX" };
    await page.goto("/");
    await page.evaluate(`localStorage.setItem('session', ${JSON.stringify(JSON.stringify(session))})`);
    await page.reload();
    await page.getByRole("button", { name: "Show prices in US dollars" }).click();
    await hook("product-price").filter({ hasText: "$" }).first().waitFor();
  });
});

describe("finding products", () => {
  it("a category page lists that category", async () => {
    await page.goto("/");
    await page.getByRole("navigation").getByRole("link", { name: "binoculars" }).click();
    await page.getByRole("heading", { name: "Binoculars", level: 1 }).waitFor();
    await expect.poll(() => hook("product-card").count()).toBe(1);
  });

  it("a search finds products, and says so when it does not", async () => {
    await page.goto("/");
    await page.getByLabel("Search the shop").fill("binoculars");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/search?q=binoculars");
    // The front page links to the product, too: the title tells that the search is what is shown.
    await expect.poll(() => page.title(), { timeout: 15_000 }).toContain("binoculars");
    await page.locator('a[href="/product/2ZYFJ3GM2N"]').waitFor();
    await page.getByLabel("Search the shop").fill("qqqqqqqqqq");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Nothing found" }).waitFor();
  });

  it("a product page shows the product and what goes with it", async () => {
    await page.goto("/product/66VCHSJNUP");
    for (const name of ["product-detail", "product-picture", "product-name", "product-description", "product-price"]) {
      await hook(name).first().waitFor();
    }
    await hook("recommendation-list").waitFor();
    expect(await hook("recommendation-list").locator('[data-cy="product-card"]').count()).toBeLessThanOrEqual(4);
    expect(await page.title()).toContain("Orrery - Product");
  });
});

describe("an address that leads nowhere", () => {
  it.each([
    ["/product/NOSUCHTHING", "We do not have this product"],
    ["/no/such/page", "There is nothing in this part of the sky"],
    ["/cart/checkout/00000000-0000-4000-8000-000000000000", "We cannot find this order"],
  ])("%s says so and leads back to the shop", async (path, heading) => {
    await page.goto(path);
    await page.getByRole("heading", { name: heading }).waitFor();
    expect(await page.title()).toBe("Orrery - Page Not Found");
    await page.getByRole("link", { name: "Go to the front page" }).click();
    await hook("product-card").first().waitFor();
  });
});

describe("a shop that cannot be reached", () => {
  it("says so, and comes back when asked again", async () => {
    await page.route("**/api/products?*", (route) => route.abort());
    await page.goto("/");
    await page.getByRole("alert").filter({ hasText: "The shop cannot be reached" }).waitFor();
    await page.unroute("**/api/products?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await hook("product-card").first().waitFor();
  });
});

describe("the keyboard", () => {
  it("skips to the content, and opens and closes the cart", async () => {
    await page.goto("/");
    await hook("product-card").first().waitFor();
    await page.keyboard.press("Tab");
    expect(
      await page.getByRole("link", { name: "Skip to the content" }).evaluate((link) => link.matches(":focus")),
    ).toBe(true);
    await page.keyboard.press("Enter");
    expect(await page.locator("main").evaluate((main) => main.matches(":focus"))).toBe(true);
    await hook("cart-icon").focus();
    await page.keyboard.press("Enter");
    await hook("cart-dropdown").waitFor();
    await page.keyboard.press("Escape");
    await hook("cart-dropdown").waitFor({ state: "detached" });
    expect(await hook("cart-icon").evaluate((icon) => icon.matches(":focus"))).toBe(true);
  });
});
