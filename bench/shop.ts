import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "./figure.ts";
import { addToCart, browse, type LoadResult, load, order, send } from "./load.ts";
import { cpuMs, memoryMb, processTree } from "./processes.ts";
import { runShop } from "./running-shop.ts";

/** Milliseconds of CPU that the OpenTelemetry Demo spends, over all its processes, on one list of products. */
const referenceListMs = 1.35;
/** The same for one order of two lines. */
const referenceOrderMs = 7.3;

const settleMs = 2_000;
const concurrency = 16;

type Measured = LoadResult & { readonly perSecond: number; readonly cpuPerRound: number };

/** What the same loads cost with and without the Observatory. */
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
  const dataDir = await mkdtemp(join(tmpdir(), "orrery bench "));
  try {
    const first = await runShop(dataDir);
    report({
      name: "start to ready, empty data folder",
      value: first.readyMs / 1_000,
      unit: "s",
      target: { at: "most", value: 6 },
    });
    await first.stop();
    const plain = await withShop(dataDir, ["--no-observatory"], { seconds, report, name: "telemetry off" });
    tell(plain, report);
    const watched = await withShop(dataDir, [], { seconds, report, name: "with the Observatory" });
    compare(plain, watched, report);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function withShop(
  dataDir: string,
  options: readonly string[],
  { seconds, report, name }: { readonly seconds: number; readonly report: Report; readonly name: string },
): Promise<Round> {
  const shop = await runShop(dataDir, options);
  try {
    const memory = () => memoryMb(processTree(shop.pid));
    const isWatched = options.length === 0;
    report({
      name: `start to ready, second start, ${name}`,
      value: shop.readyMs / 1_000,
      unit: "s",
      target: { at: "most", value: 3 },
    });
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    report({
      name: `memory at rest, PostgreSQL included, ${name}`,
      value: memory(),
      unit: "MB",
      target: { at: "most", value: isWatched ? 350 : 250 },
    });
    const measured = async (round: () => Promise<{ ok: boolean; ms: number }>): Promise<Measured> => {
      await load({ concurrency, seconds: seconds / 2, round });
      const before = cpuMs(processTree(shop.pid));
      const result = await load({ concurrency, seconds, round });
      const cpuPerRound = (cpuMs(processTree(shop.pid)) - before) / result.count;
      if (result.failed > 0) throw new Error(`${result.failed} of ${result.count} requests failed`);
      return { ...result, cpuPerRound, perSecond: result.count / result.seconds };
    };
    const round = {
      list: await measured(() => send(`${shop.url}/api/products?currencyCode=EUR`)),
      mix: await measured(() => browse(shop.url)),
      adds: await measured(() => addToCart(shop.url, randomUUID(), "2ZYFJ3GM2N")),
      orders: await measured(() => order(shop.url)),
    };
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    report({ name: `memory after load, PostgreSQL included, ${name}`, value: memory(), unit: "MB" });
    return round;
  } finally {
    await shop.stop();
  }
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

function compare(plain: Round, watched: Round, report: Report): void {
  report({
    name: "browse mix, CPU of the shop, with the Observatory",
    value: watched.mix.cpuPerRound,
    unit: "ms",
    baseline: { name: "telemetry off", value: plain.mix.cpuPerRound },
  });
  report({
    name: "browse mix, with the Observatory",
    value: watched.mix.perSecond,
    unit: "/s",
    baseline: { name: "telemetry off", value: plain.mix.perSecond },
    target: { at: "least", value: plain.mix.perSecond * 0.75 },
  });
  report({
    name: "order of two lines, CPU of the shop, with the Observatory",
    value: orderCpu(watched),
    unit: "ms",
    baseline: { name: "telemetry off", value: orderCpu(plain) },
  });
  report({
    name: "orders, with the Observatory",
    value: watched.orders.perSecond,
    unit: "/s",
    baseline: { name: "telemetry off", value: plain.orders.perSecond },
    target: { at: "least", value: plain.orders.perSecond * 0.75 },
  });
}
