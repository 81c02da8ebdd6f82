import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser, newShopper } from "../browser/browser.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";

const picture = "/images/products/RoofBinoculars.jpg";
const delayHeader = "x-envoy-fault-delay-request";

let flags: TestFlags;
let shop: TestShop;
beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ environment: flags.environment });
});
afterAll(async () => {
  await shop?.stop();
  await flags.remove();
});

const slowly = <T>(work: () => Promise<T>) => flags.during(shop.url, "imageSlowLoad", "5sec", work);

/** What comes first: so many requests with a wish for a delay in ms, or one without. */
async function slowest(path: string, delayMs: number, count = 1): Promise<readonly string[]> {
  const order: string[] = [];
  const get = async (name: string, headers: Record<string, string>) => {
    const response = await fetch(shop.url + path, { headers });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    order.push(name);
  };
  const delayed = Array.from({ length: count }, () => get("delayed", { [delayHeader]: String(delayMs) }));
  await Promise.all([...delayed, get("plain", {})]);
  return order;
}

async function secondsFor(headers: Readonly<Record<string, string>>, path = picture): Promise<number> {
  const begun = performance.now();
  const response = await fetch(shop.url + path, { headers });
  await response.arrayBuffer();
  return (performance.now() - begun) / 1_000;
}

describe("the front proxy, while imageSlowLoad is on", () => {
  it("delays pictures by what the request asks for, and no others", async () => {
    await slowly(async () => {
      expect(await secondsFor({ [delayHeader]: "1000" })).toBeGreaterThan(0.95);
      expect(await slowest(picture, 2_000)).toEqual(["plain", "delayed"]);
      expect(await secondsFor({ [delayHeader]: "60000" }, "/api/currency")).toBeLessThan(10);
    });
  });

  it("delays a hundred at once, and lets the others pass", async () => {
    await slowly(async () => {
      const order = await slowest(picture, 3_000, 110);
      expect(order.slice(0, 11).sort()).toEqual([...Array.from({ length: 10 }, () => "delayed"), "plain"]);
    });
  });

  it("delays by ten seconds at most", { timeout: 60_000 }, async () => {
    await slowly(async () => expect(await secondsFor({ [delayHeader]: "3600000" })).toBeLessThan(40));
  });
});

it("nobody can delay anything while imageSlowLoad is off", async () => {
  expect(await secondsFor({ [delayHeader]: "3600000" })).toBeLessThan(10);
});

describe("the pictures on product cards", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await newShopper(browser, shop.url);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** The wishes for a delay that the page's requests for pictures of products carry; undefined for none. */
  function wishes(): (string | undefined)[] {
    const seen: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (!new URL(request.url()).pathname.startsWith("/images/products/")) return;
      seen.push(request.headers()[delayHeader]);
    });
    return seen;
  }

  it("are asked for with a delay while imageSlowLoad is on, and are there in the end", async () => {
    const seen = wishes();
    await slowly(async () => {
      await page.goto("/");
      await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(10));
      expect(new Set(seen)).toEqual(new Set(["5000"]));
      await page.locator('[data-cy="product-card"] img').first().waitFor();
    });
  });

  it("are asked for as they are when it is off, and follow it without a reload", async () => {
    const seen = wishes();
    await page.goto("/");
    await eventually(() => expect(seen.length).toBeGreaterThan(0));
    expect(new Set(seen)).toEqual(new Set([undefined]));
    await slowly(() => eventually(() => expect(seen).toContain("5000"), 20_000));
  });
});
