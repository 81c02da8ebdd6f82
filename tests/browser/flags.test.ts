import { readFile, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";
import { launchBrowser, newShopper } from "./browser.ts";

let shop: TestShop;
let flags: TestFlags;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  flags = await TestFlags.make();
  [shop, browser] = await Promise.all([startShop({ environment: flags.environment }), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await shop?.stop();
  await flags?.remove();
});
beforeEach(async () => {
  await flags.reset();
  context = await newShopper(browser, shop.url);
  page = await context.newPage();
});
afterEach(() => context.close());

const card = (key: string) => page.getByRole("article", { name: key, exact: true });
const variantOf = async (key: string) => JSON.parse(await readFile(flags.path, "utf8")).flags[key].defaultVariant;

describe("the basic page", () => {
  beforeEach(async () => {
    await page.goto("/feature/");
    await card("paymentFailure").waitFor();
  });

  it("switches a flag at once, says so, and puts all faults at rest", async () => {
    await card("paymentFailure").getByRole("combobox").selectOption("50%");
    await page.getByText("paymentFailure is 50% now.").waitFor();
    expect(await variantOf("paymentFailure")).toBe("50%");
    await card("paymentFailure").getByText("on", { exact: true }).waitFor();
    await page.getByRole("complementary", { name: "Activity" }).getByText("page").first().waitFor();
    await page.getByRole("button", { name: "All faults off" }).click();
    await page.getByText("At rest now: paymentFailure.").waitFor();
    expect(await variantOf("paymentFailure")).toBe("off");
  });

  it("tells what a fault does, who is affected, and what proves it", async () => {
    await card("paymentFailure").getByText("What it does").click();
    for (const term of ["Who is affected", "What proves it"]) {
      await card("paymentFailure").getByRole("term").filter({ hasText: term }).waitFor();
    }
  });

  it("follows what others change, and what they break", async () => {
    await flags.set("cartFailure", "25%");
    await eventually(async () => expect(await card("cartFailure").getByRole("combobox").inputValue()).toBe("25%"));
    const good = await readFile(flags.path, "utf8");
    await writeFile(flags.path, good.replace('"ENABLED"', '"SOMETIMES"'));
    await page.getByRole("alert").filter({ hasText: "flags.adFailure.state" }).waitFor();
    await writeFile(flags.path, good);
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  it("changes a rule, and refuses one that leads nowhere", async () => {
    const rule = card("productCatalogFailure");
    await rule.getByText("Rule of productCatalogFailure").click();
    const field = rule.getByRole("textbox");
    expect(await field.inputValue()).toMatch(/OLJCESPC7Z/);
    await field.fill("{");
    await rule.getByRole("alert").waitFor();
    expect(await rule.getByRole("button", { name: "Save the rule" }).isDisabled()).toBe(true);
    await field.fill('{"if": [true, "maybe", "off"]}');
    await rule.getByRole("button", { name: "Save the rule" }).click();
    await rule.getByText(/"maybe", which is no variant; there are on, off/).waitFor();
    await field.fill('{"if": [true, "on", "off"]}');
    await rule.getByRole("button", { name: "Save the rule" }).click();
    await page.getByText("The rule of productCatalogFailure is changed.").waitFor();
    await rule.getByRole("button", { name: "Put at rest" }).waitFor();
  });

  it("finds flags by their keys, services and effects", async () => {
    await page.getByRole("searchbox", { name: "Find flags" }).fill("shipping");
    await card("paymentFailure").waitFor({ state: "detached" });
    await card("intlShippingSlowdown").waitFor();
    expect(new URL(page.url()).search).toBe("?find=shipping");
  });
});

describe("the advanced page", () => {
  const editor = () => page.getByRole("textbox", { name: "Definitions of flags" });
  /** Types at the end of the first line that has this text. */
  const typeAfter = async (text: string, typed: string) => {
    await editor().locator(".cm-line").filter({ hasText: text }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.type(typed);
  };

  beforeEach(async () => {
    await page.goto("/feature/advanced");
    await editor().getByText("adFailure").first().waitFor();
  });

  it("marks what is wrong where it is, and saves what is right", async () => {
    await typeAfter('"description": "Fail to get adv', ",");
    await page.getByRole("heading", { name: "1 problem" }).waitFor();
    await page.getByRole("button", { name: "Line 5" }).waitFor();
    await page.locator(".cm-lint-marker-error").waitFor();
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await page.keyboard.press("Backspace");
    await typeAfter('"flags": {', ' "mine": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a"},');
    await page.getByText("Unsaved changes").waitFor();
    await page.getByRole("heading", { name: "1 problem" }).waitFor({ state: "detached" });
    await page.keyboard.press("Control+s");
    await page.getByText("Saved, and in force.").waitFor();
    expect(await variantOf("mine")).toBe("a");
  });

  it("follows the file as long as nothing is edited", async () => {
    await flags.define("theirs", { variants: { a: 1 }, defaultVariant: "a" });
    await page.keyboard.press("Control+End");
    await eventually(async () => {
      await editor().press("Control+End");
      expect(await editor().textContent()).toContain("theirs");
    });
  });

  it("writes over no change of somebody else: both are joined", async () => {
    await typeAfter('"flags": {', ' "mine": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a"},');
    await flags.set("paymentFailure", "75%");
    await page
      .getByText(/changed meanwhile: paymentFailure/)
      .or(page.getByText("The file has been changed meanwhile"))
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Take both changes" }).click();
    await eventually(async () => expect(await page.getByRole("button", { name: "Save" }).isEnabled()).toBe(true));
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved, and in force.").waitFor();
    expect([await variantOf("mine"), await variantOf("paymentFailure")]).toEqual(["a", "75%"]);
  });
});

describe("the scheduler's page", () => {
  it("starts what is selected, shows it, and reverts it", async () => {
    await page.goto("/feature/scheduler");
    await page.getByRole("button", { name: "None" }).click();
    await page.getByText("Select at least one variant.").waitFor();
    expect(await page.getByRole("button", { name: "Start" }).isDisabled()).toBe(true);
    const flag = page.getByRole("group", { name: "adFailure" });
    await flag.getByRole("checkbox", { name: "on" }).check();
    expect(await flag.getByRole("checkbox", { name: "adFailure" }).isChecked()).toBe(true);
    await page.getByRole("button", { name: "Hourly" }).click();
    const field = (name: string) => page.getByRole("textbox", { name });
    expect(await field("Interval, s").inputValue()).toBe("3600");
    await field("On for at most").fill("3601");
    await page.getByText("It must not exceed the interval.").waitFor();
    await field("On for at least").fill("3600");
    await field("On for at most").fill("3600");
    await field("Seed").fill("7");
    await page.getByRole("button", { name: "Start" }).click();
    const status = page.getByRole("region", { name: "Status" });
    await status.getByText("interval 1, seed 7").waitFor();
    await status.getByText(/adFailure = on, for another/).waitFor();
    await eventually(async () => expect(await variantOf("adFailure")).toBe("on"));
    await page.getByRole("button", { name: "Stop and revert" }).click();
    await status.getByText("stopped").waitFor();
    await status.getByText("The last 1").click();
    await status.getByRole("cell", { name: "reverted" }).waitFor();
    expect(await variantOf("adFailure")).toBe("off");
  });
});

// One scheme a width: the colours do not depend on the width, nor the layout on the scheme.
it.each([
  { scheme: "light", width: 1280 },
  { scheme: "dark", width: 834 },
  { scheme: "light", width: 390 },
  { scheme: "dark", width: 360 },
] as const)(
  "axe finds nothing in the $scheme scheme, $width px wide, and no page scrolls sideways",
  async ({ scheme, width }) => {
    const other = await newShopper(browser, shop.url, { colorScheme: scheme, viewport: { width, height: 900 } });
    const seen = await other.newPage();
    const complaints: string[] = [];
    seen.on("pageerror", (error) => complaints.push(error.message));
    seen.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await flags.set("paymentFailure", "50%");
    const found: Record<string, string[]> = {};
    for (const [path, ready] of [
      ["", "article"],
      ["advanced", ".cm-line"],
      ["scheduler", "fieldset input"],
    ] as const) {
      await seen.goto(`/feature/${path}`);
      await seen.locator(ready).first().waitFor();
      // What is hidden at first is examined, too.
      await seen.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
      const { violations } = await new AxeBuilder({ page: seen }).setLegacyMode().analyze();
      const problems = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
      const pageWidth = await seen.evaluate("document.documentElement.scrollWidth");
      if (pageWidth !== width) problems.push(`the page is ${pageWidth} px wide`);
      if (problems.length > 0) found[path] = problems;
    }
    await other.close();
    expect([found, complaints]).toEqual([{}, []]);
  },
);
