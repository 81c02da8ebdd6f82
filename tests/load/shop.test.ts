import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { attributeTypes, event, eventAttributes, metric, spanAttributes } from "../../gen/telemetry/registry.ts";
import { defaultLoadOptions, LoadGenerator } from "../../src/load/load-generator.ts";
import { steadyPlan } from "../../src/load/plan.ts";
import { loadGenerator } from "../../src/load/service.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { createServiceLogger } from "../../src/platform/telemetry/service-logger.ts";
import { startTelemetry } from "../../src/platform/telemetry/telemetry-host.ts";
import { services } from "../../src/services/index.ts";
import { expectBooksAgree } from "../books.ts";
import { eventually } from "../eventually.ts";
import { startShop, type TestShop } from "../shop.ts";
import { Captured } from "../telemetry/captured.ts";

const busy = { lowMs: 0, highMs: 0 };
const log = createLogger({ level: "silent" });

describe("on the shop", () => {
  const captured = new Captured();
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startShop({ sinks: [captured], environment: { OTEL_TRACES_SAMPLER: "parentbased_always_on" } });
  });
  afterAll(() => shop.stop());

  it("nothing fails, and every order is in the books", { timeout: 180_000 }, async () => {
    const load = new LoadGenerator({ ...defaultLoadOptions, target: new URL(shop.url), thinkTime: busy, log });
    onTestFinished(() => load.close());
    load.start(steadyPlan({ users: 8, ratePerSecond: 20 }));
    await eventually(() => expect(load.progress.count).toBeGreaterThan(800), 90_000);
    await load.stop();
    const { failures, tasks, requests } = load.snapshot();
    expect(failures).toEqual([]);
    expect(tasks.map(({ name }) => name)).toEqual([
      "addToCart",
      "browseProduct",
      "checkout",
      "checkoutMulti",
      "getAds",
      "getRecommendations",
      "index",
      "startSession",
      "viewCart",
    ]);
    const orders = await eventually(() => expectBooksAgree(shop.sql));
    expect(orders).toHaveLength(requests.find(({ name }) => name === "POST /api/checkout")?.count ?? 0);
    expect(orders.length).toBeGreaterThan(5);
  });

  it("traces begin at the load generator and lead through the shop; all of it is declared", async () => {
    const own = new Captured();
    const telemetry = await startTelemetry({
      environment: { OTEL_TRACES_SAMPLER: "parentbased_always_on", OTEL_METRIC_EXPORT_INTERVAL: "200" },
      version: "1.2.3",
      sinks: [own],
    });
    const logger = createServiceLogger("silent", services, telemetry);
    const load = new LoadGenerator({
      ...defaultLoadOptions,
      target: new URL(shop.url),
      thinkTime: busy,
      telemetry: telemetry.forService(loadGenerator),
      log: logger.child({ service: "load-generator" }),
    });
    // And one that cannot go well.
    const lost = new LoadGenerator({
      ...defaultLoadOptions,
      target: new URL("http://127.0.0.1:9"),
      maxInFlight: 1,
      thinkTime: busy,
      telemetry: telemetry.forService(loadGenerator),
      log: logger.child({ service: "load-generator" }),
    });
    load.start(steadyPlan({ users: 2, ratePerSecond: 0 }));
    lost.start(steadyPlan({ users: 1, ratePerSecond: 0 }));
    await eventually(() => {
      expect(load.snapshot().tasks.map(({ name }) => name)).toContain("checkoutMulti");
      expect(lost.progress.failed).toBeGreaterThan(0);
      expect(own.metrics().map(({ name }) => name)).toContain(metric.demoLoadChecksFailed.name);
      expect(own.metrics().map(({ name }) => name)).toContain(metric.demoLoadUsers.name);
    }, 30_000);
    await Promise.all([load.close(), lost.close()]);
    await telemetry.stop();

    const spans = own.spans();
    const order = spans.find(({ name }) => name === "user_checkout_multi");
    expect(order?.resource.service).toBe("load-generator");
    expect(order?.parentSpanId).toBe("");
    const added = spans.filter(({ parentSpanId }) => parentSpanId === order?.spanId);
    expect(added.length).toBeGreaterThanOrEqual(2);
    for (const { name } of added) expect(name).toBe("user_add_to_cart");
    await eventually(() => {
      const reached = captured.spans().filter(({ traceId }) => traceId === order?.traceId);
      expect(new Set(reached.map(({ resource }) => resource.service))).toContain("payment");
      expect(reached.filter(({ parentSpanId }) => parentSpanId === order?.spanId).map(({ name }) => name)).toContain(
        "POST /api/checkout",
      );
    });

    const failed = spans.filter(({ attributes }) => attributes.get("error.type") === "connection");
    expect(failed.length).toBeGreaterThan(0);
    const undeclared = new Set<string>();
    for (const { name, attributes } of spans) {
      for (const key of attributes.keys())
        if (!spanAttributes["load.task"]?.includes(key) || attributeTypes[key] === undefined)
          undeclared.add(`${name}: ${key}`);
    }
    for (const { eventName, attributes } of own.logs()) {
      for (const key of attributes.keys())
        if (!eventAttributes[eventName]?.includes(key)) undeclared.add(`${eventName}: ${key}`);
    }
    const declared = new Map<string, readonly string[]>(
      Object.values(metric).map(({ name, attributes }) => [name, attributes]),
    );
    for (const { name, points } of own.metrics()) {
      for (const { attributes } of points)
        for (const key of attributes.keys()) if (!declared.get(name)?.includes(key)) undeclared.add(`${name}: ${key}`);
    }
    expect([...undeclared]).toEqual([]);
    expect(new Set(own.logs().map(({ eventName }) => eventName))).toEqual(
      new Set([event.loadStart, event.loadCheckFailed, event.loadStop]),
    );
  });

  it("a user with a browser changes the currency and fills a cart", { timeout: 180_000 }, async () => {
    const load = new LoadGenerator({ ...defaultLoadOptions, target: new URL(shop.url), thinkTime: busy });
    onTestFinished(() => load.close());
    await load.setBrowserUsers(1);
    load.start(steadyPlan({ users: 0, ratePerSecond: 0 }));
    await eventually(() => {
      const { failures, tasks } = load.snapshot();
      expect(failures).toEqual([]);
      expect(tasks.map(({ name }) => name)).toEqual(["browser_add_to_cart", "browser_change_currency"]);
    }, 120_000);
    await load.stop();
    const carts = await shop.sql`select from cart.carts where lines::text like '%2ZYFJ3GM2N%'`;
    expect(carts.count).toBeGreaterThan(0);
  });
});
