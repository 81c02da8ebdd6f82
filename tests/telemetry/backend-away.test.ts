import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { Customer, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";

let shop: OrreryProcess;
let url = "";

beforeAll(async () => {
  shop = new OrreryProcess(["up", "--no-load", "--port", "0", "--ephemeral"], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
    OTEL_METRIC_EXPORT_INTERVAL: "500",
  });
  [, url = ""] = await shop.says(/(http:\/\/localhost:\d+)/);
});
afterAll(async () => {
  await shop?.kill();
});

it("a backend that is away costs nothing but what it was to get, and that is counted", async () => {
  const buyer = new Customer(url);
  await buyer.puts(telescope);
  expect((await buyer.checksOut()).status).toBe(200);

  const observatory = createClient(ObservatoryService, createGrpcTransport({ baseUrl: url }));
  await eventually(async () => {
    const { dropped, services } = await observatory.getStatus({});
    // The Observatory has got everything all the same.
    expect(services.map(({ service }) => service)).toContain("fraud-detection");
    const lost = dropped.filter(({ reason }) => reason.startsWith("lost on the way to an exporter"));
    expect(lost.map(({ signal }) => signal).sort()).toEqual(["logs", "traces"]);
    for (const { count } of lost) expect(count).toBeGreaterThan(10n);
  }, 30_000);
  expect(await shop.terminate()).toBeLessThan(10_000);
});
