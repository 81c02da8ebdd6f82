import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { setTimeout as pass } from "node:timers/promises";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as V1 } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { AdService } from "../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../../gen/oteldemo/currency_pb.ts";
import { EmailService } from "../../gen/oteldemo/email_pb.ts";
import { PaymentService } from "../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { QuoteService } from "../../gen/oteldemo/quote_pb.ts";
import { RecommendationService } from "../../gen/oteldemo/recommendation_pb.ts";
import { ShippingService } from "../../gen/oteldemo/shipping_pb.ts";
import { frontendProxy } from "../../src/edge/service.ts";
import { maxMessageBytes } from "../../src/platform/rpc/remote-transport.ts";
import { everyTransport } from "../../src/platform/rpc/testing.ts";
import { services } from "../../src/services/index.ts";
import { api, Customer, flashlight, goodCard, home, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { Mesh } from "../mesh.ts";
import type { OrreryProcess } from "../orrery-process.ts";
import { refusalOf, remoteClient } from "../remote-client.ts";
import { startProxy, type TestProxy } from "./envoy-proxy.ts";

/** Each process of its own; all others are one more. */
const apart = [["frontend-proxy"], ["frontend", "image-provider"], ["checkout", "payment"], ["currency"]];
const together = services.map(({ name }) => name).filter((name) => !apart.flat().includes(name));

let mesh: Mesh;
let proxy: TestProxy;
let currency: OrreryProcess | undefined;
beforeAll(async () => {
  mesh = await Mesh.open();
  for (const names of [...apart, together]) {
    const started = mesh.serve(names);
    if (names.includes("currency")) currency = started;
  }
  proxy = await startProxy(
    Object.fromEntries(frontendProxy.calls.map((name) => [name, new URL(mesh.urlOf(name)).host])),
  );
  for (const url of [mesh.url, proxy.url]) await isUp(url);
});
afterAll(async () => {
  await proxy?.remove();
  await mesh?.close();
});

/** Waits until every service that an order needs answers. */
async function isUp(url: string): Promise<void> {
  await eventually(async () => {
    expect(await api(url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    expect(await api(url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
    expect(await api(url, "/mail/")).toMatchObject({ status: 200 });
    expect(await api(url, "/observatory/")).toMatchObject({ status: 200 });
  }, 60_000);
}

describe.each(["Envoy", "the embedded front proxy"])("%s", (front) => {
  const url = () => (front === "Envoy" ? proxy.url : mesh.url);

  it("shows the shop's pages, with the headers that protect them", async () => {
    for (const path of ["/", `/product/${telescope}`, "/cart", "/observatory/", "/observatory/traces"]) {
      const { status, headers, body } = await api(url(), path, { headers: { accept: "text/html" } });
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(body).toMatch(/^<!doctype html>/i);
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("server")).toBeNull();
      expect([...headers.keys()].filter((name) => name.startsWith("x-envoy"))).toEqual([]);
    }
    expect(await api(url(), "/no-such-page")).toMatchObject({ status: 404 });
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec((await api(url(), "/")).body) ?? [];
    expect(await api(url(), script ?? "")).toMatchObject({ status: 200 });
  });

  it("shows pictures", async () => {
    const { status, headers } = await api(url(), "/images/products/SolarFilter.jpg?w=320", {
      headers: { accept: "image/webp" },
    });
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "image/webp" });
    expect(headers.get("etag")).toMatch(/^"/);
  });

  it.each([
    ["/images", "/images/"],
    ["/mail?format=json", "/mail/?format=json"],
    ["/observatory", "/observatory/"],
    ["/jaeger", "/jaeger/"],
  ])("sends those at %s to %s", async (from, to) => {
    const { status, headers } = await api(url(), from);
    const { pathname, search } = new URL(headers.get("location") ?? "", url());
    expect({ status, to: pathname + search }).toEqual({ status: 301, to });
  });

  it("sells: cart, order, mail, books", async () => {
    const customer = new Customer(url());
    await customer.puts(flashlight, 2);
    await customer.puts(telescope);
    const answer = await customer.checksOut({ key: "once" });
    expect(answer).toMatchObject({ status: 200, body: { shippingCost: { currencyCode: "EUR" } } });
    expect((await customer.checksOut({ key: "once" })).body).toEqual(answer.body);
    await eventually(async () => {
      expect((await api(url(), `/mail/${answer.body.orderId}.txt`)).body).toContain("Red Flashlight");
    });
    expect(await api(url(), `/api/orders?sessionId=${customer.userId}`)).toMatchObject({
      body: [{ orderId: answer.body.orderId, itemCount: 3 }],
    });
  });

  it("passes on what the web API says of an error", async () => {
    expect(await api(url(), "/api/products/GONE")).toMatchObject({
      status: 404,
      body: { reason: "PRODUCT_NOT_FOUND" },
    });
    expect(await api(url(), "/api/nothing")).toMatchObject({ status: 404 });
  });

  it.each([...everyTransport("http://unused").keys()])("takes calls of every service over %s", async (name) => {
    const transport = everyTransport(url()).get(name) ?? expect.unreachable(name);
    const userId = randomUUID();
    await createClient(CartService, transport).addItem({ userId, item: { productId: flashlight, quantity: 1 } });
    expect((await createClient(CartService, transport).getCart({ userId })).items).toHaveLength(1);
    expect((await createClient(AdService, transport).getAds({ contextKeys: [] })).ads).not.toEqual([]);
    const catalog = createClient(ProductCatalogService, transport);
    expect((await catalog.listProducts({})).products.length).toBeGreaterThan(5);
    const from = { currencyCode: "USD", units: 1n };
    const money = await createClient(CurrencyService, transport).convert({ from, toCode: "EUR" });
    expect(money.currencyCode).toBe("EUR");
    const items = [{ productId: flashlight, quantity: 1 }];
    expect((await createClient(ShippingService, transport).getQuote({ items })).costUsd?.units).toBeGreaterThan(0n);
    await createClient(QuoteService, transport).getShippingQuote({ numberOfItems: 2 });
    const some = await createClient(RecommendationService, transport).listRecommendations({ productIds: [telescope] });
    expect(some.productIds).not.toContain(telescope);
    const charge = { amount: { currencyCode: "EUR", units: 1n }, creditCard: goodCard };
    expect((await createClient(PaymentService, transport).charge(charge)).transactionId).not.toBe("");
    const order = { userId, userCurrency: "EUR", email: "a@b.example", address: home, creditCard: goodCard };
    expect((await createClient(CheckoutService, transport).placeOrder(order)).order?.orderId).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    await createClient(ObservatoryService, transport).getStatus({});
  });

  it.each([...everyTransport("http://unused").keys()])("refuses internal methods over %s", async (name) => {
    const transport = everyTransport(url()).get(name) ?? expect.unreachable(name);
    const refund = createClient(PaymentService, transport).refund({ chargeKey: randomUUID(), reason: "mine" });
    expect(await refusalOf(refund)).toMatchObject({
      code: Code.PermissionDenied,
      reason: "METHOD_NOT_PUBLIC",
      message: "oteldemo.PaymentService/Refund is for the other services only.",
    });
    const mail = createClient(EmailService, transport).sendOrderConfirmation({ email: "a@b.example", order: {} });
    expect(await refusalOf(mail)).toMatchObject({ code: Code.PermissionDenied, reason: "METHOD_NOT_PUBLIC" });
  });

  it.each([
    "/mail/send_order_confirmation",
    "/mail/oteldemo.EmailService/SendOrderConfirmation",
    "/images/../mail/oteldemo.EmailService/SendOrderConfirmation",
    "//oteldemo.PaymentService/Refund",
    "/oteldemo.PaymentService/%52efund",
    "/oteldemo.PaymentService%2FRefund",
    "/x/../oteldemo.PaymentService/Refund",
  ])("refuses internal methods by the detour of %s", async (path) => {
    const [order] = await mesh.sql<{ order_id: string }[]>`select order_id from checkout.orders limit 1`;
    const body = { email: "mallory@example.org", order: { orderId: order?.order_id }, chargeKey: order?.order_id };
    // fetch would tidy the path up first.
    const answer = await rawPost(url(), path, body);
    expect([400, 403, 404, 405]).toContain(answer.status);
    expect((await api(url(), "/mail/?format=json")).body).not.toContainEqual(
      expect.objectContaining({ recipient: "mallory@example.org" }),
    );
  });

  it.each([...everyTransport("http://unused").keys()])("says over %s that a method does not exist", async (name) => {
    const transport = everyTransport(url()).get(name) ?? expect.unreachable(name);
    const unknown = { ...CartService.method.getCart, name: "Steal", parent: CartService };
    const call = transport.unary(unknown, undefined, undefined, undefined, {});
    expect((await refusalOf(call)).code).toBe(Code.Unimplemented);
  });

  it("tells health and contract over gRPC", async () => {
    const transport = createGrpcTransport({ baseUrl: url() });
    expect((await createClient(Health, transport).check({})).status).toBe(Status.SERVING);
    for (const reflection of [V1, V1Alpha]) {
      const request = { messageRequest: { case: "listServices" as const, value: "" } };
      const answers = createClient(reflection as typeof V1, transport).serverReflectionInfo(once(request));
      for await (const { messageResponse } of answers) {
        const named = messageResponse.case === "listServicesResponse" ? messageResponse.value.service : [];
        const names = named.map(({ name }) => name);
        for (const { rpc } of services) for (const { typeName } of rpc) expect(names).toContain(typeName);
      }
    }
  });

  it("says that a message is too large", async () => {
    const cart = remoteClient(url(), CartService);
    const call = cart.getCart({ userId: "u".repeat(maxMessageBytes + 4096) });
    expect((await refusalOf(call)).code).toBe(Code.ResourceExhausted);
    // The frontend's own answer may be lost on its way through the embedded one.
    if (front === "Envoy") {
      const { status, body } = await api(url(), "/api/cart", { body: { userId: "u".repeat(maxMessageBytes + 4096) } });
      expect({ status, body }).toMatchObject({ status: 413, body: { reason: "BODY_TOO_LARGE" } });
    }
  });

  it("takes a message that is almost too large to where it belongs", async () => {
    const cart = remoteClient(url(), CartService);
    const call = cart.getCart({ userId: "u".repeat(maxMessageBytes - 1024) });
    expect(await refusalOf(call)).toMatchObject({ code: Code.InvalidArgument, reason: "INVALID_REQUEST" });
  });

  it("keeps the caller's deadline", async () => {
    const options = { timeoutMs: 1 };
    const checkout = remoteClient(url(), CheckoutService);
    expect((await refusalOf(checkout.placeOrder({ userId: "u" }, options))).code).toBe(Code.DeadlineExceeded);
  });

  it("answers for a service that is gone in words, and passes requests on again once it is back", async () => {
    if (currency !== undefined) await mesh.kill(currency);
    currency = undefined;
    const client = remoteClient(url(), CurrencyService);
    await eventually(async () => {
      expect(await refusalOf(client.getSupportedCurrencies({}))).toMatchObject({
        code: Code.Unavailable,
        reason: "SERVICE_UNAVAILABLE",
        message: expect.stringMatching(/cannot be reached/),
      });
    });
    expect(
      (await refusalOf(remoteClient(url(), CurrencyService, "connect-json").getSupportedCurrencies({}))).code,
    ).toBe(Code.Unavailable);
    expect(await api(url(), "/api/currency")).toMatchObject({ status: 503, body: { reason: "SERVICE_UNAVAILABLE" } });
    currency = mesh.serve(["currency"]);
    await eventually(async () => {
      expect((await client.getSupportedCurrencies({})).currencyCodes).toContain("EUR");
      await isUp(url());
    }, 30_000);
  });

  it("does not end streams that are silent", { timeout: 60_000 }, async () => {
    const end = new AbortController();
    const transport = createGrpcTransport({ baseUrl: url() });
    const { signal } = end;
    const over: string[] = [];
    const seen = new Set<string>();
    const follow = async (name: string, stream: AsyncIterable<unknown>) => {
      try {
        for await (const _ of stream) seen.add(name);
      } catch {}
      if (!signal.aborted) over.push(name);
    };
    const following = [follow("health", createClient(Health, transport).watch({}, { signal }))];
    // In a process of its own the embedded front proxy passes on no streams of others.
    if (front === "Envoy") {
      const watching = createClient(ObservatoryService, transport).watch({ intervalMs: 10_000 }, { signal });
      following.push(follow("observatory", watching));
    }
    // Longer than any other request may be silent.
    await pass(32_000);
    expect({ over, seen: seen.size }).toEqual({ over: [], seen: following.length });
    end.abort();
    await Promise.all(following);
  });
});

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}

async function rawPost(url: string, path: string, body: unknown): Promise<{ readonly status: number }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const sent = httpRequest({ hostname, port, path, method: "POST", headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    sent.once("error", reject);
    sent.end(text);
  });
}
