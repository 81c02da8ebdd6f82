import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { exportRecording } from "../../src/scenarios/export-recording.ts";
import { layouts } from "../../src/scenarios/layouts/index.ts";
import { readManifestFile } from "../../src/scenarios/manifest-files.ts";
import { Recording } from "../../src/scenarios/recording.ts";
import type { Run } from "../../src/scenarios/run.ts";
import { testSystem } from "../../src/scenarios/testing.ts";
import { api, Customer, flashlight, telescope } from "../customer.ts";
import { startShop } from "../shop.ts";

/** Long enough for several measurements and rows. */
const phaseMs = 6_000;
/** Between customers, so that even the fastest machine has too few of them for traces to be thinned out. */
const pauseMs = 100;

export interface RecordedScenario {
  readonly run: Run;
  readonly orders: { readonly placed: number; readonly failed: number };
}

/**
 * Runs `payment-unreachable` on a shop of its own, with customers that buy all the time, and records it into a folder.
 * The fault is one of the network between checkout and payment: as with the flag, nobody listens at payment's address.
 */
export async function recordScenario(folder: string): Promise<RecordedScenario> {
  const shop = await startShop({ observatory: true, environment: { OTEL_METRIC_EXPORT_INTERVAL: "1000" } });
  try {
    const file = join(import.meta.dirname, "../../scenarios/payment-unreachable.yaml");
    const { manifest, text: manifestText } = await readManifestFile(file, testSystem);
    const orders = { placed: 0, failed: 0 };
    const buy = async (headers: Readonly<Record<string, string>>) => {
      const until = performance.now() + phaseMs;
      while (performance.now() < until) {
        const customer = new Customer(shop.url);
        await api(shop.url, "/api/products");
        await api(shop.url, "/api/data?contextKeys=telescopes");
        await api(shop.url, `/api/recommendations?productIds=${telescope}`);
        await customer.puts(flashlight);
        const { status } = await api(shop.url, "/api/checkout", { body: customer.order(), headers });
        if (status === 200) orders.placed++;
        else orders.failed++;
        await setTimeout(pauseMs);
      }
    };
    const baselineStart = new Date();
    const recording = await Recording.open({ url: shop.url, from: baselineStart, folder, everyMs: 1_000 });
    try {
      recording.start();
      await buy({});
      const fault = shop.network.breaks({ target: "oteldemo.PaymentService/Charge", kind: "refused" });
      const injectedAt = new Date();
      await buy(fault.headers);
      fault.repair();
      const revertedAt = new Date();
      await buy({});
      const endedAt = new Date();
      const run = { manifest, times: { baselineStart, injectedAt, revertedAt, endedAt } };
      const coverage = await recording.finish(endedAt);
      await exportRecording(recording, run, { coverage, manifestText, layouts, folder });
      return { run, orders };
    } finally {
      await recording.close();
    }
  } finally {
    await shop.stop();
  }
}
