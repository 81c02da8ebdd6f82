import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import type { OrreryProcess } from "../orrery-process.ts";
import { startQuickShop } from "../scenarios/quick-shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";
import { pageProblems } from "./page-problems.ts";

let shop: OrreryProcess;
let url: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  ({ shop, url } = await startQuickShop());
}, 150_000);
afterAll(async () => {
  await browser?.close();
  await shop?.terminate();
});
beforeEach(async () => {
  context = await newShopper(browser, url);
  page = await context.newPage();
});
afterEach(() => context.close());

async function variantOf(key: string): Promise<string> {
  return (await api(url, `/flagservice/ofrep/v1/evaluate/flags/${key}`, { body: {} })).body.variant;
}

/** Looks at the page as it is in both schemes, and as wide as a screen, a tablet and a phone. */
async function problemsAtAllWidths(): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 834],
    ["light", 390],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    const problems = await pageProblems(page);
    if (problems.length > 0) found[`${width} px, ${colorScheme}`] = problems;
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  return found;
}

describe("the scenarios", () => {
  it("are found by words, difficulty and category, and the address says how", async () => {
    await page.goto("/observatory/scenarios");
    const row = (name: string) => page.getByRole("row", { name });
    await row("Half of all charges fail").waitFor();
    await page.getByRole("searchbox", { name: "Find" }).fill("charges");
    await row("Ad keeps processors busy").waitFor({ state: "detached" });
    await page.getByRole("combobox", { name: "Difficulty" }).selectOption("hard");
    await row("Half of all charges fail").waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("?find=charges&difficulty=hard");
    await page.goto("/observatory/scenarios?truth=show&category=memory");
    await row("email-memory-leak").waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(6);
    await page.getByRole("searchbox", { name: "Find" }).fill("no such thing");
    await page.getByText("No scenario is like that").waitFor();
  });

  it("keep their truth until somebody asks for it", async () => {
    await page.goto("/observatory/scenarios/payment-failure");
    await page.getByRole("heading", { name: "Half of all charges fail" }).waitFor();
    expect(await page.getByText("paymentFailure").count()).toBe(0);
    await page.getByRole("button", { name: "Show the truth" }).click();
    const truth = page.getByRole("region", { name: "The truth" });
    await truth.getByText("charges fail").waitFor();
    await truth.getByRole("link", { name: "payment-availability-page" }).waitFor();
    expect(new URL(page.url()).search).toBe("?truth=show");
    await page.getByRole("button", { name: "Hide the truth" }).click();
    await truth.waitFor({ state: "detached" });
  });

  it("that there are not are refused in words", async () => {
    await page.goto("/observatory/scenarios/no-such-scenario");
    await page.getByRole("alert").getByText("There is no scenario no-such-scenario").waitFor();
    await page.goto(`/observatory/scenarios/runs/${crypto.randomUUID()}`);
    await page.getByRole("alert").getByText("There is no run").waitFor();
  });

  it("are missed in words where nobody answers for them", async () => {
    await page.route("**/orrery.scenarios.v1.ScenarioService/**", (route) => route.abort());
    await page.goto("/observatory/scenarios");
    await page.getByText("The service for scenarios does not answer").waitFor();
  });
});

describe("a run", () => {
  const now = () => page.getByRole("list", { name: "Phases" }).locator('[aria-current="step"]');

  const start = async () => {
    await page.goto("/observatory/scenarios/payment-failure");
    await page.getByRole("radio", { name: /^Quick/ }).check();
    await page.getByRole("button", { name: "Start a run" }).click();
    await page.waitForURL("**/observatory/scenarios/runs/*");
  };
  const stop = async () => {
    await page.getByRole("button", { name: "Stop the run" }).click();
    await page.getByRole("heading", { name: "It was stopped" }).waitFor({ timeout: 30_000 });
  };

  it("is started from its page, seen in its phase, and stopped with all flags at rest", async () => {
    await start();
    await now().filter({ hasText: "Baseline" }).waitFor();
    expect(await problemsAtAllWidths()).toEqual({});
    await page.goto("/observatory/scenarios/ad-failure");
    await page.getByRole("link", { name: "look at the one under way" }).click();
    await stop();
    expect(await variantOf("paymentFailure")).toBe("off");
    await page.getByRole("link", { name: "All scenarios" }).click();
    await page.getByRole("link", { name: /payment-failure.*stopped/ }).waitFor();
  }, 90_000);

  it("leads from its phases to the map as it was, and back to now", async () => {
    await page.goto("/observatory/scenarios");
    await page.getByRole("link", { name: /payment-failure.*stopped/ }).click();
    await page.getByRole("navigation", { name: "What was seen: Baseline" }).getByRole("link", { name: "Map" }).click();
    await page.getByText("as it was").waitFor();
    await page.locator('.react-flow__node[data-id="payment"]').waitFor();
    expect(await problemsAtAllWidths()).toEqual({});
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await page.getByText("as it was").waitFor({ state: "detached" });
  }, 60_000);

  it("takes an answer as soon as its fault is there, and tells what it is worth", async () => {
    await start();
    await now().filter({ hasText: "Fault" }).waitFor({ timeout: 240_000 });
    await eventually(async () => expect(await variantOf("paymentFailure")).toBe("50%"));
    await page.getByRole("combobox", { name: "Entity" }).fill("payment");
    await page.getByRole("combobox", { name: "Reason" }).fill("charges fail");
    await page.getByRole("button", { name: "Submit the answer" }).click();
    await page.getByText("2 of 3 points").waitFor();
    await page.getByText("named first").waitFor();
    await stop();
    expect(await problemsAtAllWidths()).toEqual({});
    expect(await variantOf("paymentFailure")).toBe("off");
  }, 360_000);

  it("that is blind tells nothing before it is over, and takes an answer that nothing is wrong", async () => {
    await page.goto("/observatory/scenarios?find=baseline&difficulty=none");
    await page.getByText("Diagnose one that is not told").click();
    await page.getByRole("radio", { name: /^Quick/ }).check();
    await page.getByRole("button", { name: "Start one of them" }).click();
    await page.getByRole("heading", { name: "A blind run" }).waitFor();
    expect(await page.getByRole("list", { name: "Phases" }).count()).toBe(0);
    await page.getByRole("button", { name: "Take away" }).click();
    await page.getByText("you say that nothing is wrong").waitFor();
    await page.getByRole("button", { name: "Submit the answer" }).click();
    await page.getByText("told when the run is over").last().waitFor();
    expect(await problemsAtAllWidths()).toEqual({});
    await page.getByRole("button", { name: "Reset the shop" }).click();
    await page.getByText("No run, all flags at rest.").waitFor();
    await page.getByRole("heading", { name: "Run of baseline" }).waitFor();
  }, 60_000);
});

describe("the load", () => {
  const status = async () => (await api(url, "/loadgen/api/v1/status")).body;

  beforeEach(async () => {
    await page.goto("/observatory/load");
    await page.getByRole("spinbutton", { name: "Users" }).waitFor();
  });

  it("is begun, changed and stopped, and the generator follows", async () => {
    const users = page.getByRole("spinbutton", { name: "Users" });
    await page.getByRole("textbox", { name: "Think time" }).fill("100ms..200ms");
    await users.fill("3");
    await page
      .getByRole("button", { name: "Change" })
      .or(page.getByRole("button", { name: "Start" }))
      .click();
    await page.getByText("● running").waitFor();
    await eventually(async () => {
      expect(await status()).toMatchObject({ state: "running", users: 3, thinkTime: { lowMs: 100, highMs: 200 } });
    });
    await page.getByRole("rowheader", { name: "GET /api/products/{productId}" }).waitFor();
    expect(await problemsAtAllWidths()).toEqual({});
    await users.fill("1");
    await page.getByRole("button", { name: "Change" }).click();
    await eventually(async () => expect((await status()).users).toBe(1));
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("○ idle").waitFor();
    await page.getByRole("button", { name: "Reset figures" }).click();
    await page.getByText("None was answered yet.").waitFor();
  }, 60_000);

  it("that cannot be is refused with the reason", async () => {
    await page.getByRole("textbox", { name: "Think time" }).fill("a while");
    await page
      .getByRole("button", { name: "Change" })
      .or(page.getByRole("button", { name: "Start" }))
      .click();
    await page.getByRole("alert").getByText("thinkTime takes a time").waitFor();
  });

  it("is missed in words where no load generator answers", async () => {
    await page.route("**/loadgen/**", (route) => route.abort());
    await page.getByText("There is no load generator").waitFor();
    await page.unroute("**/loadgen/**");
    await page.getByRole("spinbutton", { name: "Users" }).waitFor();
  }, 30_000);
});
