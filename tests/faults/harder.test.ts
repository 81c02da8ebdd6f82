import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { CurrencyService } from "../../gen/oteldemo/currency_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { QuoteService } from "../../gen/oteldemo/quote_pb.ts";
import { event } from "../../gen/telemetry/registry.ts";
import { expectBooksAgree } from "../books.ts";
import { api, Customer, flashlight, goodCard } from "../customer.ts";
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
    environment: { ...flags.environment, OTEL_TRACES_SAMPLER: "always_on", LOG_LEVEL: "fatal" },
    sinks: [captured],
  });
});
afterAll(async () => {
  await shop.stop();
  await flags.remove();
});
afterEach(() => expectBooksAgree(shop.sql));

const during = <T>(key: string, variant: string, work: () => Promise<T>) => flags.during(shop.url, key, variant, work);

async function order() {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight);
  return customer.checksOut();
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (error) => ConnectError.from(error).code,
  );
}

async function secondsOf(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await call();
  return (performance.now() - begun) / 1_000;
}

const toCurrency = (toCode: string) =>
  shop.process.client(CurrencyService).convert({ from: { currencyCode: "USD", units: 100n, nanos: 0 }, toCode });

describe("currency", () => {
  it("fails to convert to one currency, and to no other", async () => {
    await during("currencyConversionFailure", "CAD", async () => {
      expect(await codeOf(toCurrency("CAD"))).toBe(Code.Unavailable);
      expect(await codeOf(toCurrency("EUR"))).toBeUndefined();
    });
    expect(await codeOf(toCurrency("CAD"))).toBeUndefined();
  });

  it("asks ten times the price in one currency, without any error", async () => {
    const right = await toCurrency("CAD");
    await during("currencyWrongRate", "10x", async () => {
      const wrong = await toCurrency("CAD");
      expect(Number(wrong.units) / Number(right.units)).toBeCloseTo(10, 0);
      expect(await toCurrency("EUR")).toEqual(await toCurrency("EUR"));
      const same = { currencyCode: "CAD", units: 5n, nanos: 0 };
      expect(await shop.process.client(CurrencyService).convert({ from: same, toCode: "CAD" })).toMatchObject(same);
    });
    expect(await toCurrency("CAD")).toEqual(right);
  });
});

describe("payment", () => {
  it("takes good cards for expired when its clock is ahead, and charges nobody", async () => {
    await during("paymentClockSkew", "20years", async () => {
      const customer = new Customer(shop.url);
      await customer.puts(flashlight);
      const creditCard = { ...goodCard, creditCardExpirationYear: new Date().getFullYear() + 5 };
      const { status, body } = await customer.checksOut({ changes: { creditCard } });
      expect([status, body.reason]).toEqual([402, "CARD_EXPIRED"]);
    });
    expect((await order()).status).toBe(200);
  });

  it("charges and answers too late: nobody is charged without an order or a refund", async () => {
    await during("paymentSlowAfterCharge", "100%", async () =>
      expect((await order()).status).toBeGreaterThanOrEqual(500),
    );
    await expectBooksAgree(shop.sql);
  }, 60_000);

  it("waits for connections that are taken, and has them back", async () => {
    const usual = Math.min(await secondsOf(order), await secondsOf(order), await secondsOf(order));
    await during("paymentPoolExhaustion", "all", async () => {
      // They are taken for two seconds each time: one who comes late waits for the rest only.
      await eventually(async () => expect(await secondsOf(order)).toBeGreaterThan(usual + 0.5), 30_000);
    });
    await eventually(async () => expect(await secondsOf(order)).toBeLessThan(usual + 0.5));
  }, 60_000);
});

describe("cart", () => {
  it("fails as its store refuses the credentials, and comes back with the right ones", async () => {
    const carts = shop.process.client(CartService);
    await during("cartStoreCredentials", "on", async () => {
      expect(await codeOf(carts.getCart({ userId: "somebody" }))).toBe(Code.Unavailable);
      expect((await api(shop.url, "/api/products")).status).toBe(200);
    });
    expect(await codeOf(carts.getCart({ userId: "somebody" }))).toBeUndefined();
  });
});

describe("product-catalog", () => {
  const catalog = () => shop.process.client(ProductCatalogService);
  const statements = () =>
    captured.spans().filter(({ name, resource }) => resource.service === "product-catalog" && /^SELECT/.test(name))
      .length;

  it("takes longer for each query", async () => {
    await during("catalogSlowQueries", "500ms", async () => {
      expect(await secondsOf(() => catalog().searchProducts({ query: "telescope" }))).toBeGreaterThan(0.5);
    });
    await eventually(async () =>
      expect(await secondsOf(() => catalog().searchProducts({ query: "telescope" }))).toBeLessThan(0.5),
    );
  });

  it("asks the database for each call when its cache is of no use", async () => {
    const calls = 20;
    const asked = async () => {
      const before = statements();
      await Promise.all(Array.from({ length: calls }, () => catalog().getProduct({ id: flashlight })));
      return before;
    };
    await during("catalogCacheStampede", "on", async () => {
      const before = await asked();
      await eventually(() => expect(statements() - before).toBeGreaterThanOrEqual(calls));
    });
  });
});

describe("checkout", () => {
  it("makes orders wait for a lock", async () => {
    await during("checkoutLockContention", "1s", async () => {
      await eventually(async () => {
        const [row] =
          await shop.sql`select count(*)::int as locks from pg_locks where mode = 'ShareRowExclusiveLock' and granted`;
        expect(row?.locks).toBeGreaterThan(0);
      });
      expect((await order()).status).toBe(200);
    });
  }, 30_000);

  it("publishes orders again, the last one first; they are booked once", async () => {
    await during("orderEventsReplayed", "on", async () => {
      const first = (await order()).body.orderId;
      await order();
      await order();
      await eventually(async () => {
        const [row] = await shop.sql`select count(*)::int as messages from events.log where key = ${first}`;
        expect(row?.messages).toBeGreaterThan(1);
      });
    });
  });
});

it("accounting gets stuck, falls behind, and books all of it afterwards", async () => {
  const booked = async () => (await shop.sql`select count(*)::int as n from accounting."order"`)[0]?.n;
  await expectBooksAgree(shop.sql);
  const before = await booked();
  await during("accountingStuck", "on", async () => {
    for (let n = 0; n < 3; n++) expect((await order()).status).toBe(200);
    expect(await booked()).toBe(before);
  });
  await eventually(async () => expect(await booked()).toBe(before + 3), 20_000);
});

describe("quote", () => {
  const quote = () => shop.process.client(QuoteService).getShippingQuote({ numberOfItems: 1 });

  it("gets slower from minute to minute, from nothing on", async () => {
    await during("quoteCreepingLatency", "6s", async () => {
      const first = await secondsOf(quote);
      await eventually(async () => expect(await secondsOf(quote)).toBeGreaterThan(first + 0.2), 20_000);
    });
    await eventually(async () => expect(await secondsOf(quote)).toBeLessThan(0.2));
  }, 30_000);
});

describe("recommendation", () => {
  const ask = (session: string) =>
    fetch(`${shop.url}/api/recommendations?productIds=${flashlight}`, {
      headers: { baggage: `session.id=${session}` },
    });

  it("fails for a quarter of the sessions, always the same ones", async () => {
    await during("recommendationCohortFailure", "on", async () => {
      for (const [session, status] of [
        ["1aaa", 503],
        ["3bbb", 503],
        ["4aaa", 200],
        ["faaa", 200],
      ] as const)
        expect((await ask(session)).status, session).toBe(status);
    });
    expect((await ask("1aaa")).status).toBe(200);
  });

  it("calls the catalogue many times over for one request", async () => {
    const calls = () =>
      captured
        .spans()
        .filter(({ name, resource }) => resource.service === "product-catalog" && /ListProducts/.test(name)).length;
    await during("recommendationRetryStorm", "10x", async () => {
      const before = calls();
      expect((await ask("4aaa")).status).toBe(200);
      await eventually(() => expect(calls() - before).toBeGreaterThanOrEqual(11));
    });
  });
});

describe("decoys harm nobody:", () => {
  it("ad warns", async () => {
    const warnings = () =>
      captured.logs().filter(({ resource, severity }) => resource.service === "ad" && severity === "WARN").length;
    await during("adNoisyLogs", "on", async () => {
      const before = warnings();
      expect((await api(shop.url, "/api/data?contextKeys=travel")).status).toBe(200);
      await eventually(() => expect(warnings()).toBeGreaterThan(before));
    });
  });

  it("shipping tells of a deployment", async () => {
    await during("shippingDeployment", "on", async () => {
      await eventually(() =>
        expect(captured.logs().some(({ eventName }) => eventName === event.serviceDeployment)).toBe(true),
      );
    });
  });

  it("quote computes", async () => {
    await during("quoteBusyMoments", "on", async () => expect((await order()).status).toBe(200));
  });
});
