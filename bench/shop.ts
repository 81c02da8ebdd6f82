import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ObservatoryService } from "../gen/orrery/observatory/v1/observatory_pb.ts";
import type { Report } from "./figure.ts";
import { addToCart, browse, type LoadResult, load, order, send, together } from "./load.ts";
import { cpuMs, memoryMb, processTree } from "./processes.ts";
import { type RunningShop, runShop } from "./running-shop.ts";

/** Milliseconds of CPU that the OpenTelemetry Demo spends, over all its processes, on one list of products. */
const referenceListMs = 1.35;
/** The same for one order of two lines. */
const referenceOrderMs = 7.3;

const settleMs = 2_000;
/** Seconds after which a shop that has just been started is about as fast as one that has been loaded before. */
const leastWarmUp = 3;
const concurrency = 16;

type Measured = LoadResult & { readonly perSecond: number; readonly cpuPerRound: number };

/** What the same loads cost. */
interface Round {
  readonly list: Measured;
  readonly mix: Measured;
  readonly adds: Measured;
  readonly orders: Measured;
}

/** The whole shop in a process of its own, loaded from this one on the same machine. */
export async function benchShop({ seconds, report }: { readonly seconds: number; readonly report: Report }) {
  if (process.platform !== "linux") {
    process.stdout.write("The shop is measured by /proc, so on Linux only.\n");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "orrery bench "));
  const receiver = await startReceiver();
  const shops: BenchedShop[] = [];
  const start = async (way: Way) => {
    const shop = await startShop(join(folder, way.name), way, report);
    shops.push(shop);
    return shop;
  };
  try {
    const plain = await start({ name: "telemetry off", options: ["--no-observatory"] });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.port}` };
    const ways: readonly Way[] = [
      { name: "exporting all", options: ["--no-observatory"], environment },
      { name: "with the Observatory", isWatched: true },
      { name: "with the Observatory open", isWatched: true, isOpen: true },
    ];
    for (const [index, way] of ways.entries()) {
      const other = await start(way);
      const [baseline, round] = (await loadInTurn([plain, other], seconds)) as [Round, Round];
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      for (const { shop, way } of index === 0 ? [plain, other] : [other]) {
        const value = memoryMb(processTree(shop.pid));
        report({ name: `memory after load, PostgreSQL included, ${way.name}`, value, unit: "MB" });
      }
      if (index === 0) tell(baseline, report);
      compare(way.name, baseline, round, report, way.isWatched ? { allowed: 0.75 } : {});
      shops.pop();
      await other.stop();
    }
  } finally {
    await Promise.all(shops.map((shop) => shop.stop()));
    receiver.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** How the shop is run. */
interface Way {
  readonly name: string;
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the Observatory is there, and whether a page of it is open. */
  readonly isWatched?: boolean;
  readonly isOpen?: boolean;
}

async function startReceiver(): Promise<{ readonly port: number; stop(): void }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("otlp-receiver.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`The receiver of telemetry ended with ${code}`);
  });
  failed.catch(() => {});
  const [said] = (await Promise.race([once(child.stdout, "data"), failed])) as [Buffer];
  return { port: Number(said), stop: () => child.kill() };
}

/** What a page of the Observatory does while its map is open. */
function watchAsPage(url: string): () => void {
  const page = new AbortController();
  const observatory = createClient(ObservatoryService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
  void (async () => {
    try {
      for await (const _ of observatory.watch({}, { signal: page.signal }));
    } catch (error) {
      if (!page.signal.aborted) throw error;
    }
  })();
  return () => page.abort();
}

interface BenchedShop {
  readonly way: Way;
  readonly shop: RunningShop;
  stop(): Promise<void>;
}

async function startShop(dataDir: string, way: Way, report: Report): Promise<BenchedShop> {
  const { name, options = [], environment = {}, isWatched = false, isOpen = false } = way;
  const first = await runShop(dataDir, options, environment);
  await first.stop();
  const shop = await runShop(dataDir, options, environment);
  const leave = isOpen ? watchAsPage(shop.url) : () => {};
  const start = (which: string, { readyMs }: RunningShop, atMost: number) =>
    report({
      name: `start to ready, ${which}, ${name}`,
      value: readyMs / 1_000,
      unit: "s",
      target: { at: "most", value: atMost },
    });
  start("empty data folder", first, 6);
  start("second start", shop, 3);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  report({
    name: `memory at rest, PostgreSQL included, ${name}`,
    value: memoryMb(processTree(shop.pid)),
    unit: "MB",
    target: { at: "most", value: isWatched ? 350 : 250 },
  });
  return {
    way,
    shop,
    stop() {
      leave();
      return shop.stop();
    },
  };
}

/**
 * What each load costs each shop. They take it in turn, a second at a time: a machine that others use too is not as fast in
 * one minute as in the next, and so it is as fast for all of them.
 */
async function loadInTurn(shops: readonly BenchedShop[], seconds: number): Promise<Round[]> {
  const each = async (roundOf: (url: string) => () => Promise<{ ok: boolean; ms: number }>): Promise<Measured[]> => {
    const slices = shops.map(({ shop }) => ({ shop, round: roundOf(shop.url), results: [] as LoadResult[], cpu: 0 }));
    for (const { round } of slices) await load({ concurrency, seconds: Math.max(seconds / 2, leastWarmUp), round });
    for (let second = 0; second < seconds; second++) {
      for (const slice of slices) {
        const before = cpuMs(processTree(slice.shop.pid));
        slice.results.push(await load({ concurrency, seconds: 1, round: slice.round }));
        slice.cpu += cpuMs(processTree(slice.shop.pid)) - before;
      }
    }
    return slices.map(({ results, cpu }) => {
      const result = together(results);
      if (result.failed > 0) throw new Error(`${result.failed} of ${result.count} requests failed`);
      return { ...result, cpuPerRound: cpu / result.count, perSecond: result.count / result.seconds };
    });
  };
  const list = await each((url) => () => send(`${url}/api/products?currencyCode=EUR`));
  const mix = await each((url) => () => browse(url));
  const adds = await each((url) => () => addToCart(url, randomUUID(), "2ZYFJ3GM2N"));
  const orders = await each((url) => () => order(url));
  return shops.map((_, index) => ({
    list: list[index] as Measured,
    mix: mix[index] as Measured,
    adds: adds[index] as Measured,
    orders: orders[index] as Measured,
  }));
}

/** The CPU of an order alone, without that of the two adds before it. */
function orderCpu({ orders, adds }: Round): number {
  return orders.cpuPerRound - 2 * adds.cpuPerRound;
}

function tell(round: Round, report: Report): void {
  const { list, mix, adds, orders } = round;
  report({
    name: "/api/products in EUR, CPU of the shop",
    value: list.cpuPerRound,
    unit: "ms",
    target: { at: "most", value: referenceListMs / 5 },
    baseline: { name: "the reference", value: referenceListMs },
  });
  report({
    name: "/api/products in EUR, per core of the shop",
    value: 1_000 / list.cpuPerRound,
    unit: "/s",
    target: { at: "least", value: 1_500 },
  });
  report({ name: "browse mix, on this machine with its load", value: mix.perSecond, unit: "/s" });
  report({ name: "browse mix, CPU of the shop", value: mix.cpuPerRound, unit: "ms" });
  report({ name: "browse mix, p99", value: mix.p99, unit: "ms" });
  report({ name: "add to a cart, CPU of the shop", value: adds.cpuPerRound, unit: "ms" });
  report({
    name: "orders of two lines, on this machine with its load",
    value: orders.perSecond,
    unit: "/s",
    target: { at: "least", value: 200 },
  });
  report({ name: "checkout, p50", value: orders.p50, unit: "ms" });
  report({ name: "checkout, p99", value: orders.p99, unit: "ms", target: { at: "most", value: 100 } });
  report({
    name: "order of two lines with consumers and mail, CPU of the shop",
    value: orderCpu(round),
    unit: "ms",
    target: { at: "most", value: referenceOrderMs / 2 },
    baseline: { name: "the reference", value: referenceOrderMs },
  });
}

/** @param options.allowed share of the throughput that has to be left */
function compare(
  name: string,
  plain: Round,
  other: Round,
  report: Report,
  { allowed }: { readonly allowed?: number } = {},
): void {
  const cpu = (what: string, of: (round: Round) => number) =>
    report({
      name: `${what}, CPU of the shop, ${name}`,
      value: of(other),
      unit: "ms",
      baseline: { name: "telemetry off", value: of(plain) },
    });
  const rate = (what: string, of: (round: Round) => number) =>
    report({
      name: `${what}, ${name}`,
      value: of(other),
      unit: "/s",
      baseline: { name: "telemetry off", value: of(plain) },
      ...(allowed === undefined ? {} : { target: { at: "least" as const, value: of(plain) * allowed } }),
    });
  cpu("browse mix", ({ mix }) => mix.cpuPerRound);
  rate("browse mix", ({ mix }) => mix.perSecond);
  cpu("order of two lines", orderCpu);
  rate("orders", ({ orders }) => orders.perSecond);
}
