import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from "playwright-core";

// The packaged Chromium is built for functions as a service; with these a closing context takes the browser with it.
const unwanted = ["--single-process", "--no-zygote"];

const installedBrowsers = [
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

async function findChromium(): Promise<{ executablePath: string; args: string[] }> {
  const chosen = process.env.CHROME_PATH;
  if (chosen) return { executablePath: chosen, args: [] };
  if (process.platform === "linux" && process.arch === "x64") {
    const { default: packaged } = await import("@sparticuz/chromium");
    return {
      executablePath: await packaged.executablePath(),
      args: packaged.args.filter((argument) => !unwanted.includes(argument)),
    };
  }
  const executablePath = installedBrowsers.find((path) => existsSync(path));
  if (!executablePath) throw new Error("No Chrome or Chromium found: install one, or set CHROME_PATH to its program.");
  return { executablePath, args: [] };
}

/** Starts a headless Chromium: the packaged one where there is one, else the machine's. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args } = await findChromium();
  return chromium.launch({ executablePath, args, headless: true });
}

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
