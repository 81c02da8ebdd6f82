import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import type { Engine } from "../src/stack/engines/engine.ts";
import { rateLimitSetting } from "../src/stack/engines/envoy.ts";
import { engines } from "../src/stack/engines/index.ts";
import { engineHome, enginesFolder } from "../src/stack/engines/installation.ts";
import { NativeStack } from "../src/stack/native-stack.ts";
import { missingFromOrder, newTrace, type OwnTrace, traceIn } from "../tests/stack/order-trace.ts";
import { browse, type LoadResult, load, openLoad, order } from "./load.ts";
import { cpuMs, memoryMb, processTree } from "./processes.ts";
import { runShop } from "./running-shop.ts";

/** Megabytes that a service may take under load. */
const serviceMb = 120;
/** Seconds until everything can serve. */
const startSeconds = 30;
/** Of orders, those whose trace arrives whole. */
const wholeShare = 0.999;
/** What is under way has so long to arrive, in milliseconds, after the last order. */
const arrivalMs = 60_000;

interface Process {
  readonly memoryMb: number;
  readonly cpuSeconds: number;
}

function measuredProcess(pids: readonly number[]): Process {
  return { memoryMb: memoryMb(pids), cpuSeconds: cpuMs(pids) / 1_000 };
}

interface Measured {
  readonly startSeconds: number;
  readonly browse: LoadResult;
  readonly orders: LoadResult;
  /** After the load, by process: megabytes, and seconds of CPU since its start. */
  readonly processes: ReadonlyMap<string, Process>;
}

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    concurrency: { type: "string", default: "16" },
    rate: { type: "string", default: "25" },
    "rate-seconds": { type: "string", default: "60" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  process.stdout.write(`Usage: npm run bench:mesh -- [--seconds <n>] [--concurrency <n>] [--rate <n>] [--rate-seconds <n>]

The same load on \`npm start\`, on the native mesh (every engine that is installed, every service a process of its own,
through Envoy), and on the mesh with three replicas of cart and product-catalog. On Linux. Read ratios, not numbers. Then
orders at a fixed rate on the mesh, and how many of their traces Jaeger has whole.
  --seconds      of each load, 10 by default, after half as many to warm up
  --concurrency  requests under way at a time, 16 by default
  --rate         orders a second that begin whatever becomes of those before, 25 by default; 0 to leave them out
  --rate-seconds for so long, 60 by default
`);
} else {
  const seconds = Number(options.seconds);
  const concurrency = Number(options.concurrency);
  process.stdout.write(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})\n\n`);
  const embedded = await onEmbedded({ seconds, concurrency });
  tell("npm start", embedded);
  const mesh = await onMesh(new Map(), { seconds, concurrency });
  tell("mesh", mesh, embedded);
  const replicas = new Map([
    ["cart", 3],
    ["product-catalog", 3],
  ]);
  tell("mesh with 3 x cart, 3 x product-catalog", await onMesh(replicas, { seconds, concurrency }), embedded);
  tellProcesses(mesh);
  const rate = Number(options.rate);
  if (rate > 0) await traceCompleteness({ perSecond: rate, seconds: Number(options["rate-seconds"]) });
}

type Load = { readonly seconds: number; readonly concurrency: number };

async function loads(url: string, { seconds, concurrency }: Load) {
  const measured = async (round: () => Promise<{ readonly ok: boolean; readonly ms: number }>) => {
    await load({ concurrency, seconds: seconds / 2, round });
    return load({ concurrency, seconds, round });
  };
  return { browse: await measured(() => browse(url)), orders: await measured(() => order(url)) };
}

async function onEmbedded(how: Load): Promise<Measured> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-bench-"));
  const shop = await runShop(dataDir);
  try {
    const measured = await loads(shop.url, how);
    const processes = new Map([["the shop and its PostgreSQL", measuredProcess(processTree(shop.pid))]]);
    return { startSeconds: shop.readyMs / 1_000, ...measured, processes };
  } finally {
    await shop.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function onMesh(replicas: ReadonlyMap<string, number>, how: Load): Promise<Measured> {
  return withMesh(replicas, async (stack, startSeconds) => {
    const measured = await loads(stack.url, how);
    const processes = new Map<string, Process>();
    for (const name of stack.names) processes.set(name, measuredProcess([stack.program(name).pid ?? 0]));
    processes.set("postgresql", measuredProcess(processTree(await postmaster(stack))));
    return { startSeconds, ...measured, processes };
  });
}

/** Starts the mesh, and ends it after what is done with it. */
async function withMesh<T>(
  replicas: ReadonlyMap<string, number>,
  measure: (stack: NativeStack, startSeconds: number) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-bench-"));
  const installed = new Map<Engine, string>();
  for (const engine of engines) {
    const home = await engineHome(engine, enginesFolder(process.env));
    if (existsSync(home)) installed.set(engine, home);
  }
  const begun = performance.now();
  const stack = await NativeStack.open({
    engines: installed,
    dataDir,
    ports: "free",
    secret: "a secret that all of them share",
    replicas,
    // The load is one client.
    settings: { envoy: { [rateLimitSetting]: "100000" }, jaeger: { JAEGER_MAX_TRACES: "100000" } },
    restarts: false,
    tell: () => {},
  });
  await stack.start();
  const startSeconds = (performance.now() - begun) / 1_000;
  try {
    return await measure(stack, startSeconds);
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Orders at a fixed rate, on a mesh that has done nothing else, and which of their traces arrive whole in Jaeger. */
async function traceCompleteness(how: { readonly perSecond: number; readonly seconds: number }): Promise<void> {
  await withMesh(new Map(), async (stack) => {
    const jaeger = stack.addressOf("jaeger");
    if (jaeger === undefined) {
      process.stdout.write("\nJaeger is not installed: nobody keeps traces.\n");
      return;
    }
    // Code that has run already, as in the other loads.
    await openLoad({ ...how, seconds: 5, round: () => order(stack.url).catch(() => {}) });
    const placed: OwnTrace[] = [];
    let failed = 0;
    const begun = performance.now();
    await openLoad({
      ...how,
      async round() {
        const trace = newTrace();
        const answer = await order(stack.url, { traceparent: trace.traceparent }).catch(() => undefined);
        if (answer?.ok) placed.push(trace);
        else failed++;
      },
    });
    const rate = (placed.length + failed) / ((performance.now() - begun) / 1_000);
    const missing = await notWhole(`http://${jaeger}`, placed);
    process.stdout.write(`\n${how.perSecond} orders a second for ${how.seconds} s\n`);
    line("orders", rate, "/s", `${failed} failed`);
    const whole = placed.length - missing.length;
    const target = `${whole} of ${placed.length} (target: at least ${wholeShare * 100} %)`;
    line("traces that are whole in Jaeger", placed.length === 0 ? 0 : (100 * whole) / placed.length, "%", target);
    for (const each of missing.slice(0, 5)) process.stdout.write(`    missing: ${each.join("; ")}\n`);
  });
}

/** What the traces lack that are not whole when all had time to arrive. */
async function notWhole(jaeger: string, traces: readonly OwnTrace[]): Promise<readonly (readonly string[])[]> {
  const until = performance.now() + arrivalMs;
  for (let left = traces; ; ) {
    const lacking: { readonly trace: OwnTrace; readonly missing: readonly string[] }[] = [];
    for (const trace of left) {
      const missing = missingFromOrder(await traceIn(jaeger, trace.id), trace);
      if (missing.length > 0) lacking.push({ trace, missing });
    }
    if (lacking.length === 0 || performance.now() > until) return lacking.map(({ missing }) => missing);
    left = lacking.map(({ trace }) => trace);
    await sleep(1_000);
  }
}

/** The parent of all processes of PostgreSQL. */
async function postmaster(stack: NativeStack): Promise<number> {
  const sql = postgres({ ...stack.database, max: 1, onnotice: () => {} });
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const parent = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${row?.pid}/status`, "utf8"))?.[1]);
  await sql.end();
  return parent;
}

function tell(name: string, measured: Measured, baseline?: Measured): void {
  process.stdout.write(`${name}\n`);
  line("start to ready", measured.startSeconds, "s", baseline && `(target: at most ${startSeconds} s)`);
  for (const what of ["browse", "orders"] as const) {
    const { count, failed, seconds, p50, p99 } = measured[what];
    const rate = count / seconds;
    const other = baseline?.[what];
    line(what, rate, "/s", other && `${(rate / (other.count / other.seconds)).toFixed(2)} x npm start`);
    line(`${what}, p50 and p99`, p50, "ms", `${p99.toFixed(1)} ms${failed === 0 ? "" : `, ${failed} failed`}`);
  }
  const all = [...measured.processes.values()].reduce((sum, each) => sum + each.memoryMb, 0);
  line("memory after the load, all processes", all, "MB");
  process.stdout.write("\n");
}

function tellProcesses({ processes }: Measured): void {
  process.stdout.write(`each process of the mesh after the load (target for services: ${serviceMb} MB)\n`);
  for (const [name, { memoryMb, cpuSeconds }] of [...processes].toSorted(([, a], [, b]) => b.memoryMb - a.memoryMb)) {
    line(name, memoryMb, "MB", `${cpuSeconds.toFixed(1).padStart(6)} s of CPU`);
  }
}

function line(name: string, value: number, unit: string, rest?: string): void {
  process.stdout.write(
    `  ${name.padEnd(40)} ${value.toFixed(value >= 100 ? 0 : 1).padStart(8)} ${unit} ${rest ?? ""}\n`,
  );
}
