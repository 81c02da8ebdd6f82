import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fromJsonString, toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Run, RunSchema, ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { culpritsOf, type RootCause } from "../scenarios/manifest.ts";
import { type Profile, quickTimeScale } from "../scenarios/run/profile.ts";
import { LoadProcess } from "./load-process.ts";
import { manifestOf, scenarioIds } from "./scenario.ts";
import { outcome, runToEnd, tableOfRuns } from "./scenario-runs.ts";
import { type Shop, startShop } from "./shop.ts";
import { Stages } from "./stages.ts";
import { untilStopped } from "./until-stopped.ts";

export interface VerifyOptions {
  readonly all?: boolean;
  readonly profile: Profile;
  /** A folder for a report of each scenario. */
  readonly out?: string;
  /** How many throw-away shops share the scenarios. */
  readonly shops: number;
}

/**
 * Runs scenarios on throw-away shops, one after the other on each, and prints what was measured. The exit code says
 * whether each fault was seen, and gone afterwards.
 */
export async function verify(ids: readonly string[], options: VerifyOptions): Promise<void> {
  let hasStopped = false;
  void untilStopped().then(() => {
    hasStopped = true;
  });
  const isStopped = () => hasStopped;
  const wanted = await chosen(ids, options);
  const runs = await (options.shops > 1 && wanted.length > 1
    ? onSeveralShops(wanted, options, isStopped)
    : onOneShop(wanted, options, isStopped));
  process.stdout.write(`${tableOfRuns(runs)}\n`);
  const failed = runs.filter(({ failures }) => failures.length > 0);
  process.stdout.write(`${runs.length - failed.length} of ${wanted.length} scenarios are as their manifests say\n`);
  for (const { scenarioId, failures } of failed) {
    for (const failure of failures) process.stdout.write(`${scenarioId}: ${failure}\n`);
  }
  if (failed.length > 0 || runs.length < wanted.length) process.exitCode = 1;
}

async function chosen(ids: readonly string[], { all }: VerifyOptions): Promise<readonly string[]> {
  const known = await scenarioIds();
  if (all) return known;
  if (ids.length === 0) throw new ConfigError(`Name scenarios, or take --all; there are ${known.join(", ")}.`);
  for (const id of ids) {
    if (!known.includes(id)) throw new ConfigError(`There is no scenario ${id}; there are ${known.join(", ")}.`);
  }
  return ids;
}

/** The runs of those scenarios whose turn came before the process was told to stop. */
async function onOneShop(
  ids: readonly string[],
  { profile, out }: VerifyOptions,
  isStopped: () => boolean,
): Promise<readonly Run[]> {
  const stages = new Stages(process.stderr);
  const load = await LoadProcess.make();
  const shop = await startShop(
    {
      port: 0,
      host: "127.0.0.1",
      dataDir: undefined,
      servicePorts: false,
      observatory: true,
      logLevel: "error",
      load: load.http,
    },
    {
      ...process.env,
      LOAD_GENERATOR_ADDR: load.address,
      ...(profile === "quick"
        ? { OBSERVATORY_TIME_SCALE: String(quickTimeScale), OTEL_METRIC_EXPORT_INTERVAL: "1000" }
        : {}),
    },
    stages,
  );
  try {
    startLoad(load, shop);
    const client = createClient(ScenarioService, createConnectTransport({ baseUrl: shop.url, httpVersion: "1.1" }));
    const runs: Run[] = [];
    for (const [index, id] of ids.entries()) {
      if (isStopped()) break;
      stages.line(`${index + 1}/${ids.length} ${id}`);
      const run = await runToEnd(client, id, { profile, isStopped });
      runs.push(run);
      stages.line(`    ${outcome(run)}`);
      if (out !== undefined) await writeReport(out, run);
    }
    return runs;
  } finally {
    await load.stop();
    await shop.stop();
  }
}

/** Faults that take processors: by themselves, by their load, or by the collection of a heap that is nearly full. */
const hungryCategories: ReadonlySet<RootCause["category"]> = new Set([
  "cpu",
  "garbage-collection",
  "memory",
  "traffic",
]);

/** Whether a shop beside would take from what a scenario does, and it from the other's. */
async function needsMachine(id: string): Promise<boolean> {
  const { manifest } = await manifestOf(id);
  if ((manifest.load.browserUsers ?? 0) > 0) return true;
  return culpritsOf(manifest).some(({ rootCause }) => hungryCategories.has(rootCause.category));
}

/** Each shop is a process of its own, and tells by reports how its scenarios went. */
async function onSeveralShops(
  ids: readonly string[],
  { profile, out, shops }: VerifyOptions,
  isStopped: () => boolean,
): Promise<readonly Run[]> {
  const folder = out ?? (await mkdtemp(join(tmpdir(), "orrery-reports-")));
  try {
    // A report of an earlier time is none of now.
    await Promise.all(ids.map((id) => rm(reportFile(folder, id), { force: true })));
    const hungry = await Promise.all(ids.map(needsMachine));
    const beside = ids.filter((_, index) => hungry[index] === false);
    const alone = ids.filter((_, index) => hungry[index] === true);
    const options = ["--profile", profile, "--out", folder];
    const own = Array.from({ length: shops }, (_, shop) => beside.filter((_, index) => index % shops === shop));
    await Promise.all(own.map((share, shop) => share.length > 0 && verifyBeside(share, options, `shop ${shop + 1}: `)));
    if (alone.length > 0 && !isStopped()) await verifyBeside(alone, options, "one shop: ");
    const reports = await Promise.all(ids.map((id) => readFile(reportFile(folder, id), "utf8").catch(() => undefined)));
    return reports.flatMap((report) => (report === undefined ? [] : fromJsonString(RunSchema, report)));
  } finally {
    if (out === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Ctrl-C at a terminal reaches it, too. */
async function verifyBeside(ids: readonly string[], options: readonly string[], prefix: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? "", "scenario", "verify", ...ids, ...options],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const stop = () => void child.kill("SIGTERM");
  process.once("SIGTERM", stop);
  for await (const line of createInterface({ input: child.stderr })) process.stderr.write(`${prefix}${line}\n`);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  process.off("SIGTERM", stop);
}

/** The load of scenarios is theirs: nobody before. */
function startLoad(load: LoadProcess, { url, flagFile, sink }: Shop): void {
  load.start({
    target: url,
    users: 0,
    logLevel: "error",
    ...(flagFile === undefined ? {} : { flagFile: flagFile.path }),
    ...(sink === undefined ? {} : { sink }),
  });
}

function reportFile(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}

async function writeReport(folder: string, run: Run): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(reportFile(folder, run.scenarioId), `${JSON.stringify(toJson(RunSchema, run), null, 2)}\n`);
}
