import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";

let shop: Awaited<ReturnType<typeof startShop>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let pageErrors: string[];

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
  pageErrors = [];
  page.on("pageerror", (error) => pageErrors.push(error.message));
});

afterEach(async () => {
  // A request that is still answered by a test's own route must not outlive it.
  await context.unrouteAll({ behavior: "ignoreErrors" });
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
  expect(pageErrors).toEqual([]);
});

const hook = (name: string) => page.locator(`[data-cy="${name}"]`);
const placeOrder = () => hook("checkout-place-order");

async function putInCart(productId: string, quantity = 1): Promise<void> {
  await page.goto(`/product/${productId}`);
  await hook("product-quantity").selectOption(String(quantity));
  await hook("product-add-to-cart").click();
  await page.waitForURL("**/cart");
  await placeOrder().waitFor();
}

async function ordersOfShopper(): Promise<{ orderId: string; itemCount: number }[]> {
  const sessionId = await hook("session-id").textContent();
  const response = await context.request.get(`/api/orders?sessionId=${sessionId}`);
  return response.json();
}

/** An amount as the page writes it, in hundredths. */
function cents(text: string): number {
  return Number(text.replaceAll(/[^0-9]/g, ""));
}

describe("a shopper", () => {
  it("buys two products in EUR and finds the order again after a reload", async () => {
    await page.goto("/");
    await page.locator('[name="currency_code"]').selectOption("EUR");
    await hook("product-price").filter({ hasText: "€" }).first().waitFor();
    await page.locator('a[href="/product/2ZYFJ3GM2N"]').click();
    await hook("product-add-to-cart").click();
    await page.waitForURL("**/cart");
    await putInCart("HQTGWGPNH4", 3);

    await expect.poll(() => hook("cart-item-count").textContent()).toBe("2");
    await expect.poll(() => placeOrder().isEnabled()).toBe(true);
    const summary = page.getByRole("region", { name: "Your order" });
    const inCart = await summary.locator("dd").allInnerTexts();
    expect(inCart).toHaveLength(3);
    for (const amount of inCart) expect(amount).toMatch(/^€[\d,]+\.\d\d$/);

    await placeOrder().click();
    await page.waitForURL("**/cart/checkout/*");
    await hook("checkout-item").first().waitFor();
    expect(await hook("checkout-item").count()).toBe(2);
    const onOrder = await page
      .getByRole("region", { name: "Order details" })
      .locator("dl")
      .first()
      .locator("dd")
      .allInnerTexts();
    expect(onOrder).toEqual(inCart);
    // What the page shows adds up to what was charged, give or take the rounding of the parts.
    const [items = "", shipping = "", total = ""] = onOrder;
    expect(Math.abs(cents(items) + cents(shipping) - cents(total))).toBeLessThanOrEqual(1);
    await expect.poll(() => hook("cart-item-count").count()).toBe(0);

    await page.reload();
    await hook("checkout-item").first().waitFor();
    expect(
      await page.getByRole("region", { name: "Order details" }).locator("dl").first().locator("dd").allInnerTexts(),
    ).toEqual(onOrder);

    const orderId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await page.getByRole("navigation").getByRole("link", { name: "My orders" }).click();
    await page.locator('main a[href^="/cart/checkout/"]').first().waitFor();
    expect(await page.locator('main a[href^="/cart/checkout/"]').count()).toBe(1);

    const [ledger] = await shop.sql`
      select round(nanos / 1e7)::int as cents, currency_code from payment.charges where charge_key = ${orderId}`;
    expect(ledger).toEqual({ cents: cents(total), currency_code: "EUR" });
    const booked = () =>
      shop.sql`select product_id, quantity from accounting.orderitem where order_id = ${orderId} order by product_id`;
    await expect.poll(booked).toEqual([
      { product_id: "2ZYFJ3GM2N", quantity: 1 },
      { product_id: "HQTGWGPNH4", quantity: 3 },
    ]);
    await expect.poll(async () => (await context.request.get(`/mail/${orderId}.txt`)).text()).toContain(total);
  });

  it("who double clicks on Place Order buys once", async () => {
    await putInCart("L9ECAV7KIM");
    let sent = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().includes("/api/checkout")) sent += 1;
    });
    await placeOrder().dblclick();
    await page.waitForURL("**/cart/checkout/*");
    expect(sent).toBe(1);
    expect(await ordersOfShopper()).toHaveLength(1);
  });

  it("whose card is not accepted reads why, loses nothing typed, and buys with another card", async () => {
    await putInCart("6E92ZMYYFZ", 2);
    await page.locator("#email").fill("galileo@example.com");
    await page.locator("#city").fill("Arcetri");
    await page.locator("#state").fill("");
    await page.locator("#credit_card_number").fill("3782 822463 10005");
    await placeOrder().click();

    const message = page.getByRole("alert").filter({ hasText: "We do not take this kind of card" });
    await message.waitFor();
    expect(await message.textContent()).toContain("Nothing was charged");
    await expect.poll(() => message.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await page.locator("#email").inputValue()).toBe("galileo@example.com");
    expect(await page.locator("#city").inputValue()).toBe("Arcetri");
    expect(await page.locator("#credit_card_number").inputValue()).not.toBe("");
    expect(await ordersOfShopper()).toEqual([]);

    await page.locator("#credit_card_number").fill("4432-8015-6152-0454");
    await placeOrder().click();
    await page.waitForURL("**/cart/checkout/*");
    expect(await ordersOfShopper()).toMatchObject([{ itemCount: 2 }]);
  });

  it("who loses the answer to an order is told so, and trying again finds the order instead of a second one", async () => {
    await putInCart("L9ECAV7KIM");
    const keys: (string | undefined)[] = [];
    await page.route("**/api/checkout?*", async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      if (keys.length > 1) return route.continue();
      await route.fetch();
      await route.abort("connectionreset");
    });
    await page.locator("#email").fill("kepler@example.com");
    await placeOrder().click();
    const message = page.getByRole("alert").filter({ hasText: "connection was lost" });
    await message.waitFor();
    expect(await message.textContent()).toContain("not be charged twice");
    expect(await page.locator("#email").inputValue()).toBe("kepler@example.com");

    await placeOrder().click();
    await page.waitForURL("**/cart/checkout/*");
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(await ordersOfShopper()).toHaveLength(1);
  });

  it("changes quantities and removes products in the cart", async () => {
    await putInCart("L9ECAV7KIM");
    await putInCart("HQTGWGPNH4", 2);
    const quantity = page.getByLabel("Quantity of The Comet Book");
    await quantity.selectOption("5");
    await page.getByText("The Comet Book: 5").waitFor({ state: "attached" });
    await quantity.selectOption("1");
    await page.getByText("The Comet Book: 1").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Remove Lens Cleaning Kit" }).click();
    await expect.poll(() => hook("cart-item-count").textContent()).toBe("1");
    await page.reload();
    await expect.poll(() => page.getByLabel("Quantity of The Comet Book").inputValue()).toBe("1");
    await page.getByRole("button", { name: "Empty Cart" }).click();
    await page.getByRole("heading", { name: "Your cart is empty" }).waitFor();
  });

  it("who emptied the cart in another tab is told so, and nothing is charged", async () => {
    await putInCart("L9ECAV7KIM");
    const userId = await hook("session-id").textContent();
    await context.request.delete("/api/cart", { data: { userId } });
    await placeOrder().click();
    await page.getByRole("alert").filter({ hasText: "Nothing was charged" }).waitFor();
    expect(await ordersOfShopper()).toEqual([]);
  });

  it("whose cart holds a product that left the shop can take it out and buy the rest", async () => {
    await putInCart("L9ECAV7KIM");
    await putInCart("HQTGWGPNH4");
    await page.route("**/api/cart?*", async (route) => {
      const response = await route.fetch();
      const { items, ...cart } = await response.json();
      const left = items.map((line: { productId: string }) =>
        line.productId === "HQTGWGPNH4" ? { ...line, product: null } : line,
      );
      await route.fulfill({ response, json: { ...cart, items: left } });
    });
    await page.reload();
    await page.getByText("It left the shop after you chose it").waitFor();
    expect(await placeOrder().isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Remove Product no longer available" }).click();
    await placeOrder().and(page.locator(":enabled")).click();
    await page.waitForURL("**/cart/checkout/*");
    expect(await ordersOfShopper()).toMatchObject([{ itemCount: 1 }]);
  });

  it("sees what is wrong beside an empty field, before anything is sent", async () => {
    await putInCart("L9ECAV7KIM");
    await page.locator("#street_address").fill(" ");
    await page.locator("#credit_card_number").fill("1234");
    await placeOrder().click();
    await page.getByText("Please give a street and number.").waitFor();
    await page.getByText("Please give the whole card number").waitFor();
    await expect
      .poll(() => page.locator("#street_address").evaluate((element) => element.matches(":focus")))
      .toBe(true);
    expect(await ordersOfShopper()).toEqual([]);
  });

  it("reads that an order of somebody else cannot be found", async () => {
    await putInCart("L9ECAV7KIM");
    await placeOrder().click();
    await page.waitForURL("**/cart/checkout/*");
    const stranger = await newShopper(browser, shop.url);
    const strangersPage = await stranger.newPage();
    await strangersPage.goto(page.url());
    await strangersPage.getByRole("heading", { name: "We cannot find this order" }).waitFor();
    await stranger.close();
  });
});
