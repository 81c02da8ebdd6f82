import { setImmediate as othersFirst } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdService } from "../../gen/oteldemo/ad_pb.ts";
import { EmailService } from "../../gen/oteldemo/email_pb.ts";
import { RecommendationService } from "../../gen/oteldemo/recommendation_pb.ts";
import { metric } from "../../gen/telemetry/registry.ts";
import { expectBooksAgree } from "../books.ts";
import { api, Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";
import { Captured } from "../telemetry/captured.ts";

const captured = new Captured();
let flags: TestFlags;
let shop: TestShop;
beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({
    environment: { ...flags.environment, OTEL_METRIC_EXPORT_INTERVAL: "200", OTEL_TRACES_SAMPLER: "always_on" },
    sinks: [captured],
  });
});
afterAll(async () => {
  await shop.stop();
  await flags.remove();
});

const during = <T>(key: string, variant: string, work: () => Promise<T>) => flags.during(shop.url, key, variant, work);

/** The processes in which a service has answered so far, this one excluded, in order. */
function otherProcesses(service: string): readonly number[] {
  const pids = captured
    .spans()
    .filter(({ resource, attributes }) => resource.service === service && attributes.has("rpc.method"))
    .map(({ resource }) => Number(JSON.parse(resource.json)["process.pid"]));
  return [...new Set(pids)].filter((pid) => pid !== process.pid);
}

/** What a metric of a process has been so far. */
function valuesOf(service: string, name: string): readonly number[] {
  return captured
    .metrics()
    .filter((found) => found.name === name && found.resource.service === service)
    .flatMap(({ points }) => points.map(({ value }) => value ?? 0));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** With nearly as much time as any call is given: collecting a heap ten times takes seconds on a slow machine. */
const getAds = () => shop.process.client(AdService).getAds({ contextKeys: ["travel"] }, { timeoutMs: 14_000 });
const recommend = () => shop.process.client(RecommendationService).listRecommendations({ productIds: [flashlight] });

/** Waits until a service has answered in another process than those known; returns that. */
function moved(service: string, call: () => Promise<unknown>, known: readonly number[]): Promise<number> {
  return eventually(async () => {
    await call();
    const pid = otherProcesses(service).find((each) => !known.includes(each));
    if (pid === undefined) throw new Error(`${service} has not moved`);
    return pid;
  }, 30_000);
}

describe("a service whose flag needs a process of its own", { timeout: 180_000 }, () => {
  it("leaves and comes back without failing a call, and its process ends", async () => {
    const answered = { ads: 0, recommendations: 0, pages: 0 };
    let isOver = false;
    const asking = [
      async () => {
        expect((await getAds()).ads).toHaveLength(1);
        answered.ads++;
      },
      async () => {
        expect((await recommend()).productIds).toHaveLength(5);
        answered.recommendations++;
      },
      async () => {
        expect((await fetch(`${shop.url}/mail/?format=json`)).status).toBe(200);
        expect((await api(shop.url, "/oteldemo.AdService/GetAds", { body: {} })).status).toBe(200);
        answered.pages++;
      },
    ].map(async (ask) => {
      while (!isOver) {
        await ask();
        // Calls within a process are over in a moment, and would leave nothing else its turn.
        await othersFirst();
      }
    });
    const known: number[] = [];
    try {
      for (let round = 0; round < 2; round++) {
        await flags.setIn(shop.url, "emailMemoryLeak", "1x");
        await flags.setIn(shop.url, "recommendationCacheFailure", "on");
        const pid = await during("adHighCpu", "on", () => moved("ad", getAds, known));
        known.push(pid);
        await flags.setIn(shop.url, "emailMemoryLeak", "off");
        await flags.setIn(shop.url, "recommendationCacheFailure", "off");
        await eventually(() => expect(isAlive(pid)).toBe(false), 20_000);
      }
    } finally {
      isOver = true;
      await Promise.all(asking);
    }
    expect(Math.min(...Object.values(answered))).toBeGreaterThan(10);
  });

  it("stays a part of its callers' traces", async () => {
    await during("recommendationCacheFailure", "on", async () => {
      const pid = await moved("recommendation", recommend, otherProcesses("recommendation"));
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      await api(shop.url, `/api/recommendations?productIds=${flashlight}`, {
        headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      });
      await eventually(() => {
        const spans = captured.spans().filter((span) => span.traceId === traceId);
        const ids = new Set(spans.map(({ spanId }) => spanId));
        const own = spans.filter(({ resource }) => JSON.parse(resource.json)["process.pid"] === pid);
        expect(own.map(({ name }) => name)).toContain("oteldemo.RecommendationService/ListRecommendations");
        const server = spans.filter(({ resource }) => resource.service === "product-catalog");
        expect(server.length).toBeGreaterThan(0);
        for (const { parentSpanId } of [...own, ...server]) expect(ids).toContain(parentSpanId);
      });
    });
  });
});

describe("adHighCpu", { timeout: 120_000 }, () => {
  it("keeps processors busy in ad's process until it is off", async () => {
    await during("adHighCpu", "on", async () => {
      await moved("ad", getAds, otherProcesses("ad"));
      await getAds();
      await eventually(() => {
        const [last = 0] = valuesOf("ad", metric.processCpuTime.name).slice(-2);
        expect(last).toBeGreaterThan(6);
      }, 60_000);
    });
  });
});

describe("adManualGc", { timeout: 120_000 }, () => {
  it("stalls ad's process with each request", async () => {
    await during("adManualGc", "on", async () => {
      await moved("ad", getAds, otherProcesses("ad"));
      await eventually(async () => {
        expect((await getAds()).ads).toHaveLength(1);
        const stalls = valuesOf("ad", metric.nodejsEventloopDelayP99.name);
        expect(Math.max(...stalls)).toBeGreaterThan(0.04);
      }, 60_000);
    });
  });
});

describe("recommendationCacheFailure", { timeout: 120_000 }, () => {
  it("grows until its process ends, which is started again", async () => {
    await during("recommendationCacheFailure", "on", async () => {
      const known = otherProcesses("recommendation");
      const first = await moved("recommendation", recommend, known);
      let failures = 0;
      await eventually(async () => {
        await recommend().catch(() => failures++);
        expect(otherProcesses("recommendation").filter((pid) => !known.includes(pid)).length).toBeGreaterThan(1);
      }, 90_000);
      expect(failures).toBeGreaterThan(0);
      expect(isAlive(first)).toBe(false);
    });
    await eventually(async () => expect((await recommend()).productIds).toHaveLength(5));
  });
});

describe("emailMemoryLeak", { timeout: 120_000 }, () => {
  const mailToNobody = () =>
    shop.process
      .client(EmailService)
      .sendOrderConfirmation({ email: "nobody@example.com", order: {} })
      .catch(() => {});

  it("keeps mails in memory until its process ends; mails come late, and none is lost", async () => {
    const known = otherProcesses("email");
    await during("emailMemoryLeak", "1000x", async () => {
      await moved("email", mailToNobody, known);
      await eventually(async () => {
        const customer = new Customer(shop.url);
        await customer.puts(flashlight);
        expect((await customer.checksOut()).status).toBe(200);
        expect(otherProcesses("email").filter((pid) => !known.includes(pid)).length).toBeGreaterThan(1);
      }, 60_000);
      const heap = valuesOf("email", metric.v8jsMemoryHeapUsed.name);
      expect(Math.max(...heap) - Math.min(...heap)).toBeGreaterThan(30e6);
    });
    await expectBooksAgree(shop.sql, { withinMs: 60_000 });
    await eventually(async () => {
      const [missing] = await shop.sql`
        select count(*)::int from checkout.orders where state = 'placed' and order_id not in (select order_id from email.mails)`;
      expect(missing?.count).toBe(0);
    }, 30_000);
  });
});
