import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { defaultLoadOptions, LoadGenerator } from "../../src/load/load-generator.ts";
import { steadyPlan } from "../../src/load/plan.ts";
import { StandInShop } from "./stand-in-shop.ts";

/** wrk (https://github.com/wg/wrk), where it is installed. */
const hasWrk = (() => {
  try {
    execFileSync("wrk", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    // It tells its version and fails.
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
})();

/** The times, in milliseconds, of the lines that wrk prints as `50%   21.03ms`. */
function wrkTimes(printed: string): ReadonlyMap<string, number> {
  const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };
  const lines = printed.matchAll(/^\s+(\d+)%\s+([\d.]+)(us|ms|s)$/gm);
  return new Map([...lines].map(([, share = "", value, unit = ""]) => [share, Number(value) * (units[unit] ?? 0)]));
}

it.skipIf(!hasWrk)(
  "measures the times to the answer that wrk measures beside it",
  async () => {
    // From 20 to 55 ms: wrk adds what it takes for coordinated omission where an answer takes twice the mean.
    let count = 0;
    const delayMs = () => 20 + (count++ % 36);
    const shop = await StandInShop.open(undefined, 0, delayMs);
    const load = new LoadGenerator({ ...defaultLoadOptions, target: shop.url, thinkTime: { lowMs: 0, highMs: 0 } });
    onTestFinished(() => load.close());
    load.start(steadyPlan({ users: 8, ratePerSecond: 0 }));
    const { stdout } = await promisify(execFile)("wrk", ["-t1", "-c8", "-d5s", "--latency", shop.url.href]);
    await load.stop();
    const { times, count: made } = load.snapshot().total;
    expect(made).toBeGreaterThan(200);
    const wrk = wrkTimes(stdout);
    for (const [share, ms] of [
      ["50", times.p50],
      ["75", times.p75],
      ["99", times.p99],
    ] as const) {
      const ratio = ms / (wrk.get(share) ?? 0);
      expect(ratio, `p${share}: ${ms} ms, wrk: ${wrk.get(share)} ms`).toBeGreaterThan(0.75);
      expect(ratio, `p${share}: ${ms} ms, wrk: ${wrk.get(share)} ms`).toBeLessThan(1.33);
    }
  },
  30_000,
);
