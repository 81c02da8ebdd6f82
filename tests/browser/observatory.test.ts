import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
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

it("a page of the shop that is left while it loads has failed at nothing", async () => {
  // So long that the page is gone before the answer.
  await page.route("**/api/**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue().catch(() => {});
  });
  for (const path of ["/", "/cart", "/product/L9ECAV7KIM", "/", "/cart"]) {
    const asked = page.waitForRequest("**/api/**");
    await page.goto(path, { waitUntil: "commit" });
    await asked;
  }
  await page.goto("/observatory/status", { waitUntil: "commit" });
  const observatory = createClient(
    ObservatoryService,
    createConnectTransport({ baseUrl: shop.url, httpVersion: "1.1" }),
  );
  const count = async (condition: string) => {
    const sql = `select count(*) from spans where service = 'frontend-web' and ${condition}`;
    return (await observatory.runQuery({ sql })).rows[0]?.values[0]?.kind.value;
  };
  await eventually(async () => expect(await count("name like 'GET /api/%'")).toBeGreaterThan(0));
  expect(await count("is_error")).toBe(0);
}, 60_000);

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
    for (const path of ["", "traces", "metrics", "logs", "slos", "scenarios", "sql", "status"]) {
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

describe("the map", () => {
  const edge = (id: string) => page.locator(`.react-flow__edge[data-id="${id}"]`);
  const node = (name: string) => page.locator(`.react-flow__node[data-id="${name}"]`);
  const details = () => page.getByRole("complementary", { name: "Details" });

  it("keeps the proxy's silent ways to itself until they are asked for", async () => {
    await page.goto("/observatory/");
    await edge("frontend-proxy~image-provider").waitFor({ state: "attached" });
    expect(await edge("frontend-proxy~cart").count()).toBe(0);

    const silent = page.getByRole("button", { name: /\d+ declared, silent/ });
    await silent.click();
    await page.waitForURL("**/observatory/?silent=show");
    await edge("frontend-proxy~cart").waitFor({ state: "attached" });
    await page.reload();
    await edge("frontend-proxy~cart").waitFor({ state: "attached" });
    expect(await silent.getAttribute("aria-pressed")).toBe("true");

    await silent.click();
    await edge("frontend-proxy~cart").waitFor({ state: "detached" });
    await node("cart").hover();
    await edge("frontend-proxy~cart").waitFor({ state: "attached" });
  });

  it("is walked by keyboard, and what has to do with the selected node stands out", async () => {
    await page.goto("/observatory/");
    await node("checkout").waitFor();
    await page.getByRole("button", { name: "Table" }).focus();
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate("document.activeElement?.dataset.id");
    // Where the requests come in: the browser, if one has been there.
    expect(["frontend-web", "frontend-proxy"]).toContain(await focused());
    await node("checkout").focus();
    await page.keyboard.press("ArrowLeft");
    expect(["checkout", undefined]).not.toContain(await focused());
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    expect(["frontend-web", "frontend-proxy", undefined]).not.toContain(await focused());

    await node("frontend").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/observatory/?node=frontend");
    await details().getByRole("heading", { name: "frontend" }).waitFor();

    const isFar = (name: string) => node(name).locator("[data-far]").getAttribute("data-far");
    expect(await isFar("checkout")).toBe("false");
    expect(await isFar("accounting")).toBe("true");

    await page.keyboard.press("Escape");
    await details().waitFor({ state: "detached" });
    expect(await focused()).toBe("frontend");
    expect(await isFar("accounting")).toBe("false");
  });

  it("gives the focus back to the node when its details are closed", async () => {
    await page.goto("/observatory/");
    await node("cart").focus();
    await page.keyboard.press("Enter");
    await details().getByRole("button", { name: "Close" }).press("Enter");
    await details().waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement?.dataset.id")).toBe("cart");
  });

  it("moves nothing for who wants no motion, and nothing at rest", async () => {
    await buy();
    const moving = () =>
      page.evaluate("document.getAnimations().filter(({ playState }) => playState === 'running').length");
    await page.goto("/observatory/");
    await node("checkout").filter({ hasText: "p95" }).click();
    await details().waitFor();
    expect(await moving()).toBe(0);

    await page.emulateMedia({ reducedMotion: "no-preference" });
    await expect.poll(moving).toBeGreaterThan(0);
    await page.keyboard.press("Escape");
    await details().waitFor({ state: "detached" });
    await page.mouse.move(0, 0);
    await expect.poll(moving).toBe(0);
  }, 60_000);
});

describe("on a phone", () => {
  /** What is wider than the page, or too small to be pressed by a finger. */
  const faults = (phone: Page): Promise<string[]> =>
    phone.evaluate(`
      [
        ...[document.documentElement, document.querySelector("main")]
          .filter((element) => element.scrollWidth > element.clientWidth)
          .map((element) => element.tagName + " scrolls sideways"),
        ...[...document.querySelectorAll("a, button, select, summary, input, textarea")]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }))
          // The label of a box or a radio is pressed, too; and the link of a card covers all of it.
          .map((element) => element.closest("label:has([type=checkbox], [type=radio]), tr:has(td > a[title])") ?? element)
          .filter((element) => element.getBoundingClientRect().height < 40)
          .map((element) => "small: " + (element.getAttribute("aria-label") ?? element.textContent)),
      ]
    `);

  it.each([360, 390])(
    "of %i px, nothing is cut off and everything can be pressed",
    async (width) => {
      await buy();
      const phones = await newShopper(browser, shop.url, {
        viewport: { width, height: 780 },
        hasTouch: true,
        isMobile: true,
      });
      const phone = await phones.newPage();
      const found: Record<string, string[]> = {};
      const examine = async (name: string) => {
        const problems = await faults(phone);
        if (problems.length > 0) found[name] = problems;
      };
      const visit = async (path: string, ready: string) => {
        await phone.goto(`/observatory/${path}`);
        await phone.locator(ready).first().waitFor();
        await examine(path);
      };
      await visit("", '.react-flow__node[data-id="frontend"]');
      await visit("?node=checkout", "aside table");
      await visit("?view=table", "main table");
      await visit("metrics?board=business", "canvas");
      await visit("metrics?metric=rpc.server.call.duration", "canvas");
      await phone.getByRole("button", { name: "Boards and metrics" }).click();
      await examine("list of metrics");
      await visit("logs", "main ol li");
      await phone.locator("main ol li button").first().click();
      await examine("a record");
      await visit("slos", "article");
      await visit("scenarios?truth=show", "main tbody td");
      await visit("scenarios/payment-failure?truth=show", "section[aria-label='The truth'] li");
      await visit(`sql?sql=${encodeURIComponent("select trace_id, name from spans limit 5")}`, "main td");
      await phone.getByRole("button", { name: "Tables" }).click();
      await examine("tables");
      await visit("status", "main td");
      await visit("traces", "main tbody a");
      const link = phone.locator("main tbody a");
      const [a, b] = await Promise.all(
        [0, 1].map(async (index) => (await link.nth(index).getAttribute("href"))?.split(/[/?]/)[3]),
      );
      await phone.getByRole("button", { name: "Conditions" }).click();
      await phone.getByLabel("Operation").waitFor();
      await examine("conditions");
      await visit(`traces/${a}`, "[role=treeitem]");
      await phone.locator("[role=treeitem]").first().tap();
      await phone.getByRole("complementary", { name: "Span" }).waitFor();
      await examine("a span");
      await visit(`traces/compare?a=${a}&b=${b}`, "main ol li");
      await phone.getByRole("button", { name: "Find" }).tap();
      await phone.getByRole("dialog", { name: "Find" }).waitFor();
      await examine("quick search");
      await phones.close();
      expect(found).toEqual({});
    },
    60_000,
  );

  it("a span's details leave its row in sight", async () => {
    await buy();
    await page.setViewportSize({ width: 360, height: 780 });
    await page.goto("/observatory/traces?range=15m");
    await page.locator("main tbody a").filter({ hasText: "checkout" }).first().click();
    await spans().last().click();
    await page.getByRole("complementary", { name: "Span" }).waitFor();
    const row = page.locator('[role=treeitem][aria-selected="true"]');
    await expect
      .poll(async () => {
        const [is, sheet] = await Promise.all([
          row.boundingBox(),
          page.getByRole("complementary", { name: "Span" }).boundingBox(),
        ]);
        return is && sheet && is.y > 92 && is.y + is.height <= sheet.y + 1;
      })
      .toBe(true);
  }, 60_000);
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
