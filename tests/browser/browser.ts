import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";

export { launchBrowser } from "../../src/load/chromium.ts";

/** A fresh shopper: nothing stored, every page below `url`, waits bounded. */
export async function newShopper(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  return context;
}
