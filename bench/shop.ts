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
    const measured = (name: string, way: Way) => withShop(dataDir, way, { seconds, report, name });
    const plain = await measured("telemetry off", { options: ["--no-observatory"] });
    tell(plain, report);
    const receiver = await startReceiver();
    try {
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.port}` };
      const exporting = await measured("exporting all", { options: ["--no-observatory"], environment });
      compare("exporting all", plain, exporting, report);
    } finally {
      receiver.stop();
    }
    for (const [name, isOpen] of [
      ["with the Observatory", false],
      ["with the Observatory open", true],
    ] as const) {
      compare(name, plain, await measured(name, { isWatched: true, isOpen }), report, { allowed: 0.75 });
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** How the shop is run. */
interface Way {
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

async function withShop(
  dataDir: string,
  { options = [], environment = {}, isWatched = false, isOpen = false }: Way,
  { seconds, report, name }: { readonly seconds: number; readonly report: Report; readonly name: string },
): Promise<Round> {
  const shop = await runShop(dataDir, options, environment);
  const leave = isOpen ? watchAsPage(shop.url) : () => {};
  try {
    const memory = () => memoryMb(processTree(shop.pid));
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
    leave();
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
