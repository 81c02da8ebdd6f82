import { writeFile } from "node:fs/promises";
import { htmlReport } from "../load/html-report.ts";
import { defaultLoadOptions, LoadGenerator, type LoadOptions } from "../load/load-generator.ts";
import { type Plan, steadyPlan } from "../load/plan.ts";
import { readProfile } from "../load/profile.ts";
import { type DurationRange, shownDuration } from "../load/quantities.ts";
import { failureText, percentage, reportOf, summaryText } from "../load/summary.ts";
import { untilThere } from "../load/target.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { startTelemetry } from "../platform/telemetry/telemetry-host.ts";
import { services } from "../services/index.ts";
import { endSoon, untilStopped } from "./until-stopped.ts";
import { shopVersion } from "./version.ts";

export interface LoadCommandOptions {
  readonly target: string;
  readonly users?: number;
  readonly rate?: number;
  readonly duration?: number;
  readonly rampUp?: number;
  readonly profile?: string;
  readonly thinkTime: DurationRange;
  readonly seed: number;
  readonly arrivals: LoadOptions["arrivals"];
  readonly maxInFlight: number;
  readonly browserUsers: number;
  readonly timeout: number;
  readonly wait: number;
  /** A share. */
  readonly maxErrorRate: number;
  readonly report?: string;
  readonly html?: string;
  readonly json?: boolean;
}

const progressMs = 1_000;
/** Where nobody looks at it, a line of progress for each second would be a flood. */
const loggedProgressMs = 10_000;

/** Plays users of a shop, tells what they meet, and ends with a summary; the exit code says whether it went well. */
export async function load(options: LoadCommandOptions): Promise<void> {
  const target = targetOf(options.target);
  const { plan, words } = await planOf(options);
  const stopped = untilStopped();
  const stopping = new AbortController();
  void stopped.then(() => stopping.abort());
  const tell = (line: string) => void process.stderr.write(`${line}\n`);

  const missing = await untilThere(target, {
    withinMs: options.wait,
    signal: stopping.signal,
    onAway: (why) => tell(`${target.href}: ${failureText(why)}. Trying for ${shownDuration(options.wait)}.`),
  });
  if (missing !== undefined && !stopping.signal.aborted) {
    throw new ConfigError(
      `FAILED: there is no shop at ${target.href} (${failureText(missing)}). Start one with npm start, or name it by --target.`,
    );
  }

  const telemetry = await startTelemetry({ environment: process.env, version: await shopVersion() });
  const declaration = services.find(({ name }) => name === "load-generator") ?? { name: "load-generator" };
  const generator = new LoadGenerator({
    target,
    seed: options.seed,
    thinkTime: options.thinkTime,
    timeoutMs: options.timeout,
    maxInFlight: options.maxInFlight,
    arrivals: options.arrivals,
    browserUsers: options.browserUsers,
    telemetry: telemetry.forService(declaration),
  });
  try {
    await generator.setBrowserUsers(options.browserUsers);
    tell(`${words} against ${target.href}. Ctrl-C ends it with a summary.`);
    generator.start(plan);
    const endProgress = showProgress(generator);
    await Promise.race([generator.ended, stopped]);
    await generator.stop();
    endProgress();
  } finally {
    await generator.close();
    await telemetry.stop();
  }

  const report = reportOf(generator.snapshot(), {
    target: target.href,
    seed: options.seed,
    plan: words,
    maxErrorRate: options.maxErrorRate,
  });
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.report !== undefined) await save(options.report, json);
  if (options.html !== undefined) await save(options.html, htmlReport(report));
  process.stdout.write(options.json ? json : summaryText(report));
  if (!report.passed) process.exitCode = 1;
  endSoon();
}

function targetOf(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new ConfigError(`--target ${text} is not valid: it takes a URL such as http://localhost:8080.`);
}

async function planOf(options: LoadCommandOptions): Promise<{ readonly plan: Plan; readonly words: string }> {
  const { profile, users, rate, duration, rampUp } = options;
  if (profile !== undefined) {
    const beside = Object.entries({ users, rate, duration, "ramp-up": rampUp }).find(
      ([, value]) => value !== undefined,
    );
    if (beside !== undefined)
      throw new ConfigError(`--profile says how much load there is and for how long; leave --${beside[0]} out.`);
    const { name, plan } = await readProfile(profile);
    return { plan, words: `Profile ${JSON.stringify(name)} (${shownDuration(plan.durationMs)})` };
  }
  const wanted = users ?? (rate === undefined && options.browserUsers === 0 ? defaultUsers : 0);
  const plan = steadyPlan({
    users: wanted,
    ratePerSecond: rate ?? 0,
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(rampUp === undefined ? {} : { rampMs: rampUp }),
  });
  const parts = [
    ...(wanted > 0 ? [`${wanted} ${wanted === 1 ? "user" : "users"}`] : []),
    ...(rate === undefined ? [] : [`${rate} arrivals a second`]),
    ...(options.browserUsers > 0 ? [`${options.browserUsers} in a browser`] : []),
  ];
  return { plan, words: parts.join(", ") || "Nobody" };
}

/** As many as the OpenTelemetry Demo's shop has. */
export const defaultUsers = 5;

export const loadDefaults = { ...defaultLoadOptions, maxErrorRate: 0.01, waitMs: 30_000 };

/** A line that is written over each second on a terminal, a line each ten seconds else. */
function showProgress(generator: LoadGenerator): () => void {
  const { isTTY = false } = process.stderr;
  const begun = performance.now();
  const line = () => {
    const { count, failed, latest } = generator.progress;
    const { users, browserUsers, inFlight } = generator.status;
    const parts = [
      shownDuration(Math.round((performance.now() - begun) / 1_000) * 1_000),
      `${users + browserUsers} users`,
      ...(inFlight > 0 ? [`${inFlight} arrivals under way`] : []),
      `${count} requests`,
      `${failed} failed (${percentage(count === 0 ? 0 : failed / count)})`,
      ...(latest === undefined
        ? []
        : [`now ${latest.perSecond.toFixed(1)}/s, p50 ${shownDuration(latest.p50)}, p99 ${shownDuration(latest.p99)}`]),
    ];
    return parts.join(" | ");
  };
  const timer = setInterval(
    () => process.stderr.write(isTTY ? `\r\x1b[2K${line()}` : `${line()}\n`),
    isTTY ? progressMs : loggedProgressMs,
  );
  return () => {
    clearInterval(timer);
    if (isTTY) process.stderr.write("\r\x1b[2K");
  };
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause) => {
    throw new ConfigError(`The report cannot be written to ${file}: ${cause.message}`, { cause });
  });
}
