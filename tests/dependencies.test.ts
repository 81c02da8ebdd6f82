import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentService } from "../gen/oteldemo/payment_pb.ts";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight, telescope } from "./customer.ts";
import { eventually } from "./eventually.ts";
import type { Fault } from "./faulty-network.ts";
import { startShop, type TestShop } from "./shop.ts";

/** The longest that the front lets a request take. */
const budgetMs = 15_000;
/** The longest that a charge is waited for, and the other steps. */
const chargeBudgetMs = 7_000;

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop({ aroundCalls: withoutRefunds });
});
afterAll(() => shop.stop());

/** For requests with the baggage `refunds=none`, payment offers none, like that of the OpenTelemetry Demo. */
function withoutRefunds(inner: Transport): Transport {
  return {
    unary(...call) {
      const [{ name }, , , header] = call;
      const isMeant = name === "Refund" && new Headers(header).get("baggage")?.includes("refunds=none");
      if (isMeant) return Promise.reject(new ConnectError("unknown method", Code.Unimplemented));
      return inner.unary(...call);
    },
    stream: (...call) => inner.stream(...call),
  };
}

/** Who waits for what should not be waited for does so each time; a machine that stands still for a second or two does not. */
const pausesAside = { retry: 2 };

/** One checkout that meets the fault, and what became of its order. */
async function checkout(fault: Fault, key = "the one order") {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 2);
  await customer.puts(telescope);
  const { headers, repair } = shop.network.breaks(fault);
  const begun = performance.now();
  const answer = await api(shop.url, "/api/checkout", {
    body: customer.order(),
    headers: { ...headers, "idempotency-key": key },
  });
  const tookMs = performance.now() - begun;
  return { customer, answer, tookMs, repair, key };
}

async function stateOf({ userId }: Customer): Promise<string | undefined> {
  const [order] = await shop.sql<{ state: string }[]>`
    select state from checkout.orders where user_id = ${userId} order by created_at desc limit 1`;
  return order?.state;
}

async function ordersOf({ userId }: Customer): Promise<number> {
  return (await shop.sql`select from checkout.orders where user_id = ${userId}`).count;
}

describe.concurrent("an order whose dependency", () => {
  // The longest first: not all run at the same time.
  it("shipping hangs after the charge is in progress, and taken up later under the same key", async () => {
    const fault = { target: "oteldemo.ShippingService/ShipOrder", kind: "hanging" } as const;
    const { customer, answer, tookMs, repair, key } = await checkout(fault);
    expect(answer).toMatchObject({ status: 409, body: { reason: "ORDER_IN_PROGRESS" } });
    expect(tookMs).toBeLessThan(budgetMs);
    repair();
    // As if the time after which recovery gives up on a call had passed.
    await shop.sql`
      update checkout.orders set updated_at = now() - interval '1 minute' where user_id = ${customer.userId}`;
    await eventually(async () => expect(await stateOf(customer)).toBe("placed"));
    expect(await customer.checksOut({ key })).toMatchObject({ status: 200 });
  });

  it.each([
    "CartService",
    "ProductCatalogService",
    "CurrencyService",
    "ShippingService",
    "PaymentService",
    "EmailService",
  ])("%s is slow is placed", pausesAside, async (service) => {
    const { answer, tookMs } = await checkout({ target: `oteldemo.${service}`, kind: "slow" });
    expect(answer).toMatchObject({ status: 200 });
    expect(tookMs).toBeLessThan(service === "EmailService" ? 2_000 : budgetMs);
  });

  it.each([
    ["CartService", "lost", 503, "SERVICE_UNAVAILABLE"],
    ["CartService", "refused", 503, "SERVICE_UNAVAILABLE"],
    ["CartService", "hanging", 504, "DEADLINE_EXCEEDED"],
    ["ProductCatalogService", "lost", 503, "SERVICE_UNAVAILABLE"],
    ["ProductCatalogService", "refused", 503, "SERVICE_UNAVAILABLE"],
    ["ProductCatalogService", "hanging", 504, "DEADLINE_EXCEEDED"],
    ["CurrencyService", "lost", 503, "SERVICE_UNAVAILABLE"],
    ["CurrencyService", "refused", 503, "SERVICE_UNAVAILABLE"],
    ["CurrencyService", "hanging", 504, "DEADLINE_EXCEEDED"],
    ["ShippingService", "lost", 503, "SERVICE_UNAVAILABLE"],
    ["ShippingService", "refused", 503, "SERVICE_UNAVAILABLE"],
    ["ShippingService", "hanging", 504, "DEADLINE_EXCEEDED"],
    ["QuoteService", "lost", 503, "SERVICE_UNAVAILABLE"],
    ["QuoteService", "refused", 503, "SERVICE_UNAVAILABLE"],
    ["QuoteService", "hanging", 504, "DEADLINE_EXCEEDED"],
  ] as const)("%s is %s before the charge comes to nothing", async (service, kind, status, reason) => {
    const { customer, answer, tookMs } = await checkout({ target: `oteldemo.${service}`, kind });
    expect(answer).toMatchObject({ status, body: { status, reason, detail: expect.stringMatching(/^[A-Z].*\.$/) } });
    expect(tookMs).toBeLessThan(budgetMs);
    expect(await stateOf(customer)).toBeUndefined();
    // Nothing is wrong any more: the same request goes through.
    expect(await customer.checksOut({ key: "the one order" })).toMatchObject({ status: 200 });
  });

  it.each(["lost", "refused", "hanging", "answer-lost", "answer-garbled"] as const)(
    "payment is %s is given back, and may be placed again with the same key",
    async (kind) => {
      const { customer, answer, tookMs, repair, key } = await checkout({ target: "oteldemo.PaymentService", kind });
      expect(answer).toMatchObject({ status: 503, body: { reason: "PAYMENT_UNAVAILABLE" } });
      expect(tookMs).toBeLessThan(chargeBudgetMs);
      repair();
      await eventually(async () => expect(await stateOf(customer)).toBe("refunded"), 20_000);
      expect(await ordersOf(customer), "one request is one attempt").toBe(1);
      const orders = await shop.sql`
        select from payment.charges left join payment.refunds using (charge_id)
        where outcome = 'charged' and refund_id is null
          and charge_key in (select order_id from checkout.orders where user_id = ${customer.userId})`;
      expect(orders).toHaveLength(0);
      expect(await customer.checksOut({ key })).toMatchObject({ status: 200 });
    },
  );

  it.each(["lost", "refused", "answer-lost"] as const)(
    "shipping is %s after the charge is refunded, and may be placed again with the same key",
    async (kind) => {
      const { customer, answer, key } = await checkout({ target: "oteldemo.ShippingService/ShipOrder", kind });
      expect(answer).toMatchObject({ status: 503, body: { reason: "SHIPPING_UNAVAILABLE" } });
      await eventually(async () => expect(await stateOf(customer)).toBe("refunded"));
      expect(await ordersOf(customer), "one request is one attempt").toBe(1);
      const again = await customer.checksOut({ key });
      expect(again).toMatchObject({ status: 200 });
    },
  );

  it("payment offers no refunds is closed nevertheless when it cannot be shipped, to be given back by hand", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const { headers } = shop.network.breaks({ target: "oteldemo.ShippingService/ShipOrder", kind: "lost" });
    const answer = await api(shop.url, "/api/checkout", {
      body: customer.order(),
      headers: { baggage: `${headers.baggage},refunds=none` },
    });
    expect(answer).toMatchObject({ status: 503, body: { reason: "SHIPPING_UNAVAILABLE" } });
    await eventually(async () => expect(await stateOf(customer)).toBe("refunded"));
    const [order] = await shop.sql<
      { order_id: string }[]
    >`select order_id from checkout.orders where user_id = ${customer.userId}`;
    const byHand = { chargeKey: order?.order_id ?? "", reason: "by hand" };
    expect((await shop.process.client(PaymentService).refund(byHand)).refundId).not.toBe("");
  });

  it.each(["AdService", "RecommendationService", "EmailService"])(
    "%s is away does not notice",
    pausesAside,
    async (service) => {
      const kinds = ["lost", "refused", "hanging"] as const;
      const all = await Promise.all(kinds.map((kind) => checkout({ target: `oteldemo.${service}`, kind })));
      for (const { answer, tookMs, repair } of all) {
        expect(answer).toMatchObject({ status: 200 });
        expect(tookMs).toBeLessThan(2_500);
        repair();
      }
    },
  );

  it("has the catalogue go away after the charge is still shown to the customer", async () => {
    const { answer } = await checkout({ target: "oteldemo.ProductCatalogService", kind: "lost", after: 1 });
    expect(answer).toMatchObject({ status: 200, body: { items: [{ item: { product: null } }, { item: {} }] } });
  });

  it("cannot convert prices to the currency of the page is still shown to the customer", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const answer = await api(shop.url, "/api/checkout?currencyCode=ABC", { body: customer.order() });
    expect(answer).toMatchObject({
      status: 200,
      body: { items: [{ item: { productId: flashlight, product: null } }] },
    });
  });
});

describe("after all this", () => {
  it("the books of all services agree", async () => {
    // Orders whose confirmation met a fault wait for their next attempt.
    await shop.sql`update checkout.outbox set next_attempt_at = now()`;
    await expectBooksAgree(shop.sql);
  });
});
