import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AlertState, ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";

let flags: TestFlags;
let shop: TestShop;
let observatory: Client<typeof ObservatoryService>;

/** Windows and waiting times are a fifth, and as much sooner is told what services measure. */
const quick = { OBSERVATORY_TIME_SCALE: "5", OTEL_METRIC_EXPORT_INTERVAL: "1000" };

beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ observatory: true, environment: { ...flags.environment, ...quick } });
  observatory = createClient(
    ObservatoryService,
    createConnectTransport({ baseUrl: shop.url, httpVersion: "1.1", defaultTimeoutMs: 10_000 }),
  );
}, 60_000);
afterAll(async () => {
  await shop?.stop();
  await flags?.remove();
});

/** What a customer does who looks around and buys. */
async function visit(): Promise<void> {
  const customer = new Customer(shop.url);
  const paths = ["/", "/api/products", `/api/products/${telescope}`, "/api/data?contextKeys=telescopes"];
  for (const path of [...paths, `/api/recommendations?productIds=${telescope}`, "/images/products/SolarFilter.jpg"]) {
    await api(shop.url, path);
  }
  await customer.puts(flashlight);
  await customer.checksOut();
}

/** The alerts that are raised now, by their names and services. */
async function raised(): Promise<readonly string[]> {
  const { alerts } = await observatory.listAlerts({});
  return alerts.filter(({ state }) => state === AlertState.FIRING).map(({ name, service }) => `${name} of ${service}`);
}

it("a shop without a fault raises no alert, and keeps its promises", async () => {
  // A count: a slow machine is asked for the same in more time.
  for (let visits = 0; visits < 100; visits++) await visit();
  await eventually(async () => {
    const { objectives } = await observatory.listObjectives({});
    const silent = objectives.filter(({ events }) => events === 0n).map(({ name }) => name);
    expect(silent).toEqual([]);
    const missed = objectives.filter(({ name, attained }) => name.endsWith("availability") && attained < 1);
    expect(missed).toEqual([]);
  }, 20_000);
  const { alerts } = await observatory.listAlerts({});
  const known = alerts.filter(({ state }) => state !== AlertState.PENDING).map(({ name }) => name);
  // A machine that is busy with other tests is slow for a while; it fails at nothing.
  expect(known.filter((name) => !/latency|delay|event-loop|process-cpu/.test(name))).toEqual([]);
}, 90_000);

it("a fault raises the alert that proves it, which clears when the fault is over", async () => {
  await flags.during(shop.url, "failedReadinessProbe", "on", () =>
    eventually(async () => expect(await raised()).toContain("service-not-ready of cart"), 30_000),
  );
  await eventually(async () => expect(await raised()).not.toContain("service-not-ready of cart"), 30_000);

  await flags.during(shop.url, "paymentFailure", "100%", async () => {
    // They go on: on a slow machine the first are out of the window before there are enough of them.
    await eventually(async () => {
      await visit();
      expect(await raised()).toContain("payment-availability-page of payment");
    }, 60_000);
  });
}, 120_000);
