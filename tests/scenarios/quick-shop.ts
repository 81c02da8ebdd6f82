import { expect } from "vitest";
import { quickTimeScale } from "../../src/scenarios/run/profile.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";

/** A shop with its load generator, as `npm start` runs it, whose alerts are quick; nobody comes by himself. */
export async function startQuickShop(): Promise<{ readonly shop: OrreryProcess; readonly url: string }> {
  const shop = new OrreryProcess(["up", "--ephemeral", "--port", "0", "--users", "0"], {
    OBSERVATORY_TIME_SCALE: String(quickTimeScale),
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
  });
  const [, url = ""] = await shop.says(/The shop +(http:\S+)\//, 90_000);
  await eventually(async () => expect((await api(url, "/loadgen/api/v1/status")).status).toBe(200), 30_000);
  return { shop, url };
}
