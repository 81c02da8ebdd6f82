import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CartService } from "../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../gen/oteldemo/currency_pb.ts";
import { EmailService } from "../gen/oteldemo/email_pb.ts";
import { PaymentService } from "../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../gen/oteldemo/product_catalog_pb.ts";
import { QuoteService } from "../gen/oteldemo/quote_pb.ts";
import { RecommendationService } from "../gen/oteldemo/recommendation_pb.ts";
import { ShippingService } from "../gen/oteldemo/shipping_pb.ts";
import { cartErrors } from "../src/services/cart/errors.ts";
import { checkoutErrors } from "../src/services/checkout/errors.ts";
import { currencyErrors } from "../src/services/currency/errors.ts";
import { emailErrors } from "../src/services/email/errors.ts";
import { services } from "../src/services/index.ts";
import { paymentErrors } from "../src/services/payment/errors.ts";
import { productCatalogErrors } from "../src/services/product-catalog/errors.ts";
import { shippingErrors } from "../src/services/shipping/errors.ts";
import { api, flashlight, goodCard, home, telescope } from "./customer.ts";
import type { Fault } from "./faulty-network.ts";
import { freePorts } from "./free-ports.ts";
import { refusalOf, remoteClient } from "./remote-client.ts";
import { startShop, type TestShop } from "./shop.ts";

/** Costs more than half of what Money holds. */
const tooDear = "TOODEAR";

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop({
    servicePorts: true,
    environment: {
      ...freePorts,
    },
    aroundCalls: decliningAsTheReference,
  });
  await shop.sql`
    insert into catalog.products (id, name, price_currency_code, price_units, price_nanos)
    values (${tooDear}, 'A galaxy', 'USD', 9000000000000000000, 0)`;
});
afterAll(() => shop.stop());

/** For requests with the baggage `payment=reference`, payment is that of the OpenTelemetry Demo, and declines. */
function decliningAsTheReference(inner: Transport): Transport {
  return {
    async unary(...call) {
      const [method, , , header] = call;
      const isMeant = new Headers(header).get("baggage") === "payment=reference";
      if (!isMeant || method.parent.typeName !== PaymentService.typeName) return inner.unary(...call);
      if (method.name === "Charge") throw new ConnectError("Credit card info is invalid.", Code.Unknown);
      throw new ConnectError("unknown method", Code.Unimplemented);
    },
    stream: (...call) => inner.stream(...call),
  };
}

type Protocol = "grpc" | "connect-json";

/** Clients of all services, each on the service's own port. */
function clients(protocol: Protocol) {
  const to = <S extends DescService>(service: S) => {
    const owner = services.find(({ rpc }) => rpc.some(({ typeName }) => typeName === service.typeName));
    const port = shop.process.ports.get(owner?.name ?? "")?.port;
    return remoteClient(`http://127.0.0.1:${port}`, service, protocol);
  };
  return {
    cart: to(CartService),
    catalog: to(ProductCatalogService),
    checkout: to(CheckoutService),
    currency: to(CurrencyService),
    email: to(EmailService),
    payment: to(PaymentService),
    quote: to(QuoteService),
    recommendation: to(RecommendationService),
    shipping: to(ShippingService),
  };
}
type Clients = ReturnType<typeof clients>;

async function userWith({ cart }: Clients, productId = flashlight, quantity = 1) {
  const userId = randomUUID();
  await cart.addItem({ userId, item: { productId, quantity } });
  return { userId, userCurrency: "EUR", email: "someone@example.com", address: home, creditCard: goodCard };
}

/** Places an order that meets a fault on its way. */
const orderMeeting = (fault: Fault) => async (all: Clients) =>
  all.checkout.placeOrder(await userWith(all), shop.network.breaks(fault));

const amount = { currencyCode: "EUR", units: 50n, nanos: 490_933_215 };
const withKey = (key: string) => ({ headers: { "idempotency-key": key } });

interface Provocation {
  readonly reason: string;
  readonly code: Code;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly call: (clients: Clients) => Promise<unknown>;
}

const provocations: Readonly<Record<string, readonly Provocation[]>> = {
  cart: [
    {
      reason: "QUANTITY_OUT_OF_RANGE",
      code: Code.InvalidArgument,
      metadata: { productId: "A", quantity: "-1" },
      call: ({ cart }) => cart.addItem({ userId: randomUUID(), item: { productId: "A", quantity: -1 } }),
    },
    {
      reason: "CART_FULL",
      code: Code.FailedPrecondition,
      async call({ cart }) {
        const lines = Array.from({ length: 200 }, (_, index) => ({ productId: `P${index}`, quantity: 1 }));
        const userId = randomUUID();
        await shop.sql`
          insert into cart.carts (user_id, lines, expires_at)
          values (${userId}, ${shop.sql.json(lines)}, now() + interval '1 hour')`;
        await cart.addItem({ userId, item: { productId: "one more", quantity: 1 } });
      },
    },
  ],
  checkout: [
    {
      reason: "CART_EMPTY",
      code: Code.FailedPrecondition,
      call: async ({ checkout }) =>
        checkout.placeOrder({ userId: randomUUID(), userCurrency: "EUR", creditCard: goodCard }),
    },
    {
      reason: "PRODUCT_NOT_FOUND",
      code: Code.NotFound,
      metadata: { productId: "GONE" },
      call: async (all) => all.checkout.placeOrder(await userWith(all, "GONE")),
    },
    {
      reason: "AMOUNT_OUT_OF_RANGE",
      code: Code.OutOfRange,
      call: async (all) => all.checkout.placeOrder({ ...(await userWith(all, tooDear, 2)), userCurrency: "USD" }),
    },
    {
      reason: "CARD_DECLINED",
      code: Code.FailedPrecondition,
      call: async (all) => all.checkout.placeOrder(await userWith(all), { headers: { baggage: "payment=reference" } }),
    },
    {
      reason: "PAYMENT_UNAVAILABLE",
      code: Code.Unavailable,
      call: orderMeeting({ target: "oteldemo.PaymentService/Charge", kind: "lost" }),
    },
    {
      reason: "SHIPPING_UNAVAILABLE",
      code: Code.Unavailable,
      call: orderMeeting({ target: "oteldemo.ShippingService/ShipOrder", kind: "lost" }),
    },
    {
      reason: "ORDER_IN_PROGRESS",
      code: Code.Aborted,
      async call(all) {
        const order = await userWith(all);
        await all.checkout.placeOrder(order, withKey("key"));
        const { userId } = order;
        await shop.sql`update checkout.orders set state = 'pending' where user_id = ${userId}`;
        try {
          await all.checkout.placeOrder(order, { ...withKey("key"), timeoutMs: 1_000 });
        } finally {
          await shop.sql`update checkout.orders set state = 'placed' where user_id = ${userId}`;
        }
      },
    },
    {
      reason: "IDEMPOTENCY_KEY_REUSED",
      code: Code.AlreadyExists,
      async call(all) {
        const order = await userWith(all);
        await all.checkout.placeOrder(order, withKey("key"));
        await all.checkout.placeOrder({ ...order, userCurrency: "USD" }, withKey("key"));
      },
    },
    {
      reason: "IDEMPOTENCY_KEY_INVALID",
      code: Code.InvalidArgument,
      call: async (all) => all.checkout.placeOrder(await userWith(all), withKey("k".repeat(257))),
    },
    {
      reason: "ORDER_NOT_FOUND",
      code: Code.NotFound,
      metadata: { orderId: "none" },
      call: ({ checkout }) => checkout.getOrder({ orderId: "none", userId: "someone" }),
    },
    {
      reason: "CARD_EXPIRED",
      code: Code.FailedPrecondition,
      call: async (all) =>
        all.checkout.placeOrder({
          ...(await userWith(all)),
          creditCard: { ...goodCard, creditCardExpirationYear: 2020 },
        }),
    },
  ],
  currency: [
    {
      reason: "CURRENCY_UNSUPPORTED",
      code: Code.InvalidArgument,
      metadata: { currency: "XTS" },
      call: ({ currency }) => currency.convert({ from: amount, toCode: "XTS" }),
    },
    {
      reason: "CURRENCY_UNSUPPORTED",
      code: Code.InvalidArgument,
      metadata: { currency: "" },
      call: ({ currency }) => currency.convertBatch({ from: [amount, { units: 1n }], toCode: "EUR" }),
    },
    {
      reason: "AMOUNT_OUT_OF_RANGE",
      code: Code.OutOfRange,
      call: ({ currency }) => currency.convert({ from: { ...amount, units: 2n ** 62n }, toCode: "JPY" }),
    },
  ],
  payment: [
    {
      reason: "CARD_INVALID",
      code: Code.FailedPrecondition,
      call: ({ payment }) =>
        payment.charge({ amount, creditCard: { ...goodCard, creditCardNumber: "4432-8015-6152-0455" } }),
    },
    {
      reason: "CARD_INVALID",
      code: Code.FailedPrecondition,
      call: ({ payment }) => payment.charge({ amount, creditCard: { ...goodCard, creditCardExpirationMonth: 0 } }),
    },
    {
      reason: "CARD_BRAND_NOT_ACCEPTED",
      code: Code.FailedPrecondition,
      call: ({ payment }) =>
        payment.charge({ amount, creditCard: { ...goodCard, creditCardNumber: "378282246310005" } }),
    },
    {
      reason: "CARD_EXPIRED",
      code: Code.FailedPrecondition,
      call: ({ payment }) => payment.charge({ amount, creditCard: { ...goodCard, creditCardExpirationYear: 2020 } }),
    },
    {
      reason: "CHARGE_VOIDED",
      code: Code.FailedPrecondition,
      async call({ payment }) {
        const key = randomUUID();
        await payment.refund({ chargeKey: key, reason: "test" });
        await payment.charge({ amount, creditCard: goodCard }, withKey(key));
      },
    },
    {
      reason: "IDEMPOTENCY_KEY_REUSED",
      code: Code.AlreadyExists,
      async call({ payment }) {
        const key = randomUUID();
        await payment.charge({ amount, creditCard: goodCard }, withKey(key));
        await payment.charge({ amount: { ...amount, units: 1n }, creditCard: goodCard }, withKey(key));
      },
    },
    {
      reason: "IDEMPOTENCY_KEY_INVALID",
      code: Code.InvalidArgument,
      call: ({ payment }) => payment.charge({ amount, creditCard: goodCard }, withKey(randomUUID().repeat(200))),
    },
    ...[{ currencyCode: "EUR", units: -1n }, { units: 1n }, { currencyCode: "E\0R", units: 1n }].map(
      (unfit): Provocation => ({
        reason: "AMOUNT_NOT_CHARGEABLE",
        code: Code.InvalidArgument,
        call: ({ payment }) => payment.charge({ amount: unfit, creditCard: goodCard }),
      }),
    ),
  ],
  email: [
    ...[
      { orderId: "" },
      { orderId: "../1" },
      { orderId: "1", shippingTrackingId: "a\0b" },
      { orderId: "1", shippingCost: { currencyCode: "", units: 1n } },
      { orderId: "1", items: [{ cost: { currencyCode: "EURO", units: 1n } }] },
    ].map(
      (order): Provocation => ({
        reason: "ORDER_INVALID",
        code: Code.InvalidArgument,
        call: ({ email }) => email.sendOrderConfirmation({ email: "someone@example.com", order }),
      }),
    ),
  ],
  "product-catalog": [
    {
      reason: "PRODUCT_NOT_FOUND",
      code: Code.NotFound,
      metadata: { productId: "none" },
      call: ({ catalog }) => catalog.getProduct({ id: "none" }),
    },
  ],
  shipping: [
    {
      reason: "QUANTITY_OUT_OF_RANGE",
      code: Code.InvalidArgument,
      metadata: { productId: "A", quantity: "-2" },
      call: ({ shipping }) => shipping.getQuote({ items: [{ productId: "A", quantity: -2 }] }),
    },
    {
      reason: "QUANTITY_OUT_OF_RANGE",
      code: Code.InvalidArgument,
      metadata: { productId: "A", quantity: "-2" },
      call: ({ shipping }) => shipping.shipOrder({ items: [{ productId: "A", quantity: -2 }] }),
    },
  ],
  "every service": [
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ cart }) => cart.addItem({ userId: "u".repeat(257), item: { productId: "A", quantity: 1 } }),
    },
    { reason: "INVALID_REQUEST", code: Code.InvalidArgument, call: ({ cart }) => cart.addItem({ userId: "u" }) },
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ cart }) => cart.addItem({ userId: "u", item: { productId: "A", quantity: 10_001 } }),
    },
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ catalog }) => catalog.getProducts({ ids: Array.from({ length: 1_001 }, () => "A") }),
    },
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ currency }) => currency.convert({ from: { ...amount, nanos: 1_000_000_000 }, toCode: "USD" }),
    },
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ currency }) => currency.convert({ from: { ...amount, nanos: -1 }, toCode: "USD" }),
    },
    {
      reason: "INVALID_REQUEST",
      code: Code.InvalidArgument,
      call: ({ quote }) => quote.getShippingQuote({ numberOfItems: -1 }),
    },
    {
      reason: "SERVICE_UNAVAILABLE",
      code: Code.Unavailable,
      call: orderMeeting({ target: "oteldemo.CurrencyService", kind: "lost" }),
    },
    {
      reason: "DEADLINE_EXCEEDED",
      code: Code.DeadlineExceeded,
      call: orderMeeting({ target: "oteldemo.CartService", kind: "hanging" }),
    },
  ],
};

describe.concurrent.each(["grpc", "connect-json"] as const)("over %s", (protocol) => {
  const all = Object.entries(provocations).flatMap(([service, list]) =>
    list.map((provocation) => ({ service, ...provocation })),
  );
  it.each(all)("$service declares $reason and answers with it", async ({ call, code, reason, metadata = {} }) => {
    expect(await refusalOf(call(clients(protocol)))).toEqual({
      code,
      reason,
      metadata,
      message: expect.stringMatching(/^\S.{8,}\S$/),
    });
  });
});

/** Provoked by flags: tests/faults/. */
const byFlags = ["CART_STORE_UNREACHABLE", "CHARGE_FAILED", "PAYMENT_FAILED", "PRODUCT_UNREADABLE", "RATE_UNAVAILABLE"];

it("every declared error is provoked with its declared code", () => {
  const declared = {
    cart: cartErrors,
    checkout: checkoutErrors,
    currency: currencyErrors,
    email: emailErrors,
    payment: paymentErrors,
    "product-catalog": productCatalogErrors,
    shipping: shippingErrors,
  };
  for (const [service, errors] of Object.entries(declared)) {
    for (const { reason, code } of Object.values(errors)) {
      if (byFlags.includes(reason)) continue;
      expect(provocations[service], `${service} ${reason}`).toContainEqual(expect.objectContaining({ reason, code }));
    }
  }
});

describe("the public port", () => {
  it.each([
    ["refunds", () => remoteClient(shop.url, PaymentService).refund({ chargeKey: randomUUID(), reason: "mine" })],
    ["mails", () => remoteClient(shop.url, EmailService).sendOrderConfirmation({ email: "a@b.example", order: {} })],
  ])("takes no %s from anybody", async (_, call) => {
    expect(await refusalOf(call())).toMatchObject({ code: Code.PermissionDenied, reason: "METHOD_NOT_PUBLIC" });
  });

  it("takes orders", async () => {
    const userId = randomUUID();
    await remoteClient(shop.url, CartService).addItem({ userId, item: { productId: flashlight, quantity: 1 } });
    const order = { userId, userCurrency: "EUR", creditCard: goodCard };
    expect((await remoteClient(shop.url, CheckoutService).placeOrder(order)).order?.orderId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("an empty idempotency key", () => {
  it("is none: charges and shipments are not mixed up", async () => {
    const { payment, shipping } = clients("connect-json");
    const charges = await Promise.all(
      [1n, 2n].map((units) => payment.charge({ amount: { ...amount, units }, creditCard: goodCard }, withKey(""))),
    );
    expect(charges[0]?.transactionId).not.toBe(charges[1]?.transactionId);
    const shipments = await Promise.all([1, 2].map(() => shipping.shipOrder({ items: [] }, withKey(""))));
    expect(shipments[0]?.trackingId).not.toBe(shipments[1]?.trackingId);
  });
});

describe("messages", () => {
  it("may have fields that nobody knows", async () => {
    const answer = await api(shop.url, "/oteldemo.QuoteService/GetShippingQuote", {
      body: { numberOfItems: 3, colour: "red" },
    });
    expect(answer).toMatchObject({ status: 200, body: { costUsd: { currencyCode: "USD", units: "26" } } });
  });

  it("are 4 MiB at most", async () => {
    const { catalog } = clients("grpc");
    const refused = await refusalOf(catalog.getProduct({ id: "x".repeat(5 * 1024 * 1024) }));
    expect(refused).toMatchObject({ code: Code.ResourceExhausted });
  });
});

describe("recommendations", () => {
  const wanted = [flashlight, telescope, "66VCHSJNUP", "1YMWWN1N4O", "L9ECAV7KIM"];

  it.each([
    ["one id an element", wanted],
    ["the ids joined by commas", [wanted.join(",")]],
    ["one character an element", [...wanted.join(",")]],
  ])("leave out what is asked for as %s", async (_, productIds) => {
    const { recommendation, catalog } = clients("grpc");
    const { products } = await catalog.listProducts({});
    const answer = await recommendation.listRecommendations({ userId: "someone", productIds });
    const possible = products.map(({ id }) => id).filter((id) => !wanted.includes(id));
    expect(answer.productIds).toHaveLength(5);
    expect(possible).toEqual(expect.arrayContaining(answer.productIds));
  });
});

describe("the JSON of the OpenTelemetry Demo, on the port of", () => {
  const on = (service: string) => `http://127.0.0.1:${shop.process.ports.get(service)?.port}`;
  const items = [
    { product_id: flashlight, quantity: 2 },
    { productId: telescope, quantity: 1 },
  ];
  const address = { street_address: "1 Main St", city: "Here", state: "", country: "US", zip_code: "1" };

  it("quote is a bare number of dollars", async () => {
    const quote = (numberOfItems: unknown) => api(on("quote"), "/getquote", { body: { numberOfItems } });
    expect(await quote(3)).toMatchObject({ status: 200, body: 26.97 });
    expect(await quote(100)).toMatchObject({ status: 200, body: 899 });
    expect(await quote(0)).toMatchObject({ status: 200, body: 0 });
    for (const wrong of [-1, 1.5, "three", {}, 1e12]) {
      expect(await quote(wrong)).toMatchObject({ status: 400, body: { reason: "INVALID_REQUEST" } });
    }
    expect(await api(on("quote"), "/getquote", { body: {} })).toMatchObject({ status: 400 });
    expect(await api(on("quote"), "/getquote")).toMatchObject({ status: 405 });
  });

  it("shipping quotes and ships", async () => {
    const cost = { currency_code: "USD", units: 26, nanos: 970_000_000 };
    for (const body of [{ items, address }, { items, address: null }, { items }]) {
      expect(await api(on("shipping"), "/get-quote", { body })).toMatchObject({
        status: 200,
        body: { cost_usd: cost },
      });
    }
    expect(await api(on("shipping"), "/ship-order", { body: { items, address } })).toMatchObject({
      status: 200,
      body: { tracking_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(await api(on("shipping"), "/get-quote", { body: { items: null, address: null } })).toMatchObject({
      status: 200,
      body: { cost_usd: { currency_code: "USD" } },
    });
    const negative = { items: [{ product_id: "A", quantity: -1 }] };
    expect(await api(on("shipping"), "/get-quote", { body: negative })).toMatchObject({
      status: 400,
      body: { reason: "QUANTITY_OUT_OF_RANGE" },
    });
    expect(await api(on("shipping"), "/get-quote", { body: "{" })).toMatchObject({ status: 400 });
    expect(await api(on("shipping"), "/health")).toMatchObject({ status: 200, body: "" });
  });

  it("email writes a confirmation and answers with nothing", async () => {
    const orderId = randomUUID();
    const order = {
      order_id: orderId,
      shipping_tracking_id: "t-1",
      shipping_cost: { currency_code: "EUR", units: 8, nanos: 50_000_000 },
      shipping_address: address,
      items: [{ item: { product_id: flashlight, quantity: 2 }, cost: { currency_code: "EUR", nanos: 990_000_000 } }],
    };
    const body = { email: "someone@example.com", order };
    expect(await api(on("email"), "/send_order_confirmation", { body })).toMatchObject({ status: 200, body: "" });
    const mail = await api(shop.url, `/mail/${orderId}.txt`);
    expect(mail.body).toContain("Total: \u20ac10.03");
    expect(mail.body).toContain("1 Main St");
    const nothing = await api(on("email"), "/send_order_confirmation", { body: { email: "a@example.com" } });
    expect(nothing).toMatchObject({ status: 400, body: { reason: "INVALID_REQUEST" } });
  });
});
