import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckoutService } from "../gen/oteldemo/checkout_pb.ts";
import { expectBooksAgree, ordersInBooks } from "./books.ts";
import { api, Customer, flashlight, goodCard, home, telescope } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { refusalOf, remoteClient } from "./remote-client.ts";
import { startShop, type TestShop } from "./shop.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

async function customerWithCart(): Promise<Customer> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 3);
  await customer.puts(telescope);
  return customer;
}

async function ordersOf({ userId }: Customer) {
  return (await ordersInBooks(shop.sql)).filter(({ user_id }) => user_id === userId);
}

function request({ userId }: Customer) {
  return { userId, userCurrency: "EUR", email: "someone@example.com", address: home, creditCard: goodCard };
}

const expiredCard = { ...goodCard, creditCardExpirationYear: 2020 };

describe("an idempotency key", () => {
  it("used 50 times at once over HTTP is one order, one charge, one answer", async () => {
    const customer = await customerWithCart();
    const answers = await Promise.all(Array.from({ length: 50 }, () => customer.checksOut({ key: "once" })));
    const [first] = answers;
    expect(first?.status).toBe(200);
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: first?.body });
    expect(await ordersOf(customer)).toMatchObject([{ order_id: first?.body.orderId, state: "placed", charges: 1 }]);
  });

  it("used 50 times at once over gRPC is one order, one charge, one answer", async () => {
    const customer = await customerWithCart();
    const checkout = remoteClient(shop.url, CheckoutService);
    const call = () => checkout.placeOrder(request(customer), { headers: { "idempotency-key": "once" } });
    const answers = await Promise.all(Array.from({ length: 50 }, call));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const orderId = answers[0]?.order?.orderId;
    expect(await ordersOf(customer)).toMatchObject([{ order_id: orderId, state: "placed", charges: 1 }]);
  });

  it("gives the same order later, with the cart long empty or filled anew", async () => {
    const customer = await customerWithCart();
    const first = await customer.checksOut({ key: "once" });
    expect(await customer.checksOut({ key: "once" })).toMatchObject({ status: 200, body: first.body });
    await customer.puts(telescope, 5);
    expect(await customer.checksOut({ key: "once" })).toMatchObject({ status: 200, body: first.body });
    const next = await customer.checksOut({ key: "another" });
    expect(next.body.orderId).not.toBe(first.body.orderId);
  });

  it("is refused with another request", async () => {
    const customer = await customerWithCart();
    await customer.checksOut({ key: "once" });
    expect(await customer.checksOut({ key: "once", changes: { userCurrency: "USD" } })).toMatchObject({
      status: 409,
      body: { reason: "IDEMPOTENCY_KEY_REUSED" },
    });
    const changed = { ...request(customer), email: "else@example.com" };
    const headers = { "idempotency-key": "once" };
    const refused = refusalOf(remoteClient(shop.url, CheckoutService).placeOrder(changed, { headers }));
    expect(await refused).toMatchObject({ code: Code.AlreadyExists, reason: "IDEMPOTENCY_KEY_REUSED" });
    expect(await ordersOf(customer)).toHaveLength(1);
  });

  it("is each user's own", async () => {
    const [one, other] = await Promise.all([customerWithCart(), customerWithCart()]);
    const [first, second] = await Promise.all([one.checksOut({ key: "mine" }), other.checksOut({ key: "mine" })]);
    expect([first?.status, second?.status]).toEqual([200, 200]);
    expect(first?.body.orderId).not.toBe(second?.body.orderId);
  });

  it("repeats a decline", async () => {
    const customer = await customerWithCart();
    const declined = { status: 402, body: { reason: "CARD_EXPIRED", detail: expect.stringContaining("0454") } };
    const changes = { creditCard: expiredCard };
    expect(await customer.checksOut({ key: "once", changes })).toMatchObject(declined);
    expect(await customer.checksOut({ key: "once", changes })).toMatchObject(declined);
    expect(await ordersOf(customer)).toMatchObject([{ state: "declined", charges: 0 }]);
    // With another card it is another request, and takes another key.
    expect(await customer.checksOut({ key: "once" })).toMatchObject({ status: 409 });
    expect(await customer.checksOut({ key: "twice" })).toMatchObject({ status: 200 });
  });

  it("is free again when the order was refunded", async () => {
    const customer = await customerWithCart();
    const { headers } = shop.network.breaks({ target: "oteldemo.ShippingService/ShipOrder", kind: "lost" });
    const failed = await api(shop.url, "/api/checkout", {
      body: customer.order(),
      headers: { ...headers, "idempotency-key": "once" },
    });
    expect(failed).toMatchObject({ status: 503, body: { reason: "SHIPPING_UNAVAILABLE" } });
    const placed = await eventually(async () => {
      const answer = await customer.checksOut({ key: "once" });
      expect(answer.status).toBe(200);
      return answer;
    });
    const orders = await ordersOf(customer);
    expect(orders.map(({ state }) => state)).toEqual(["refunded", "placed"]);
    expect(orders[1]?.order_id).toBe(placed.body.orderId);
  });

  it("is what the customer gives: without one, and with an empty one, each request is an order of its own", async () => {
    const customer = await customerWithCart();
    expect((await customer.checksOut()).status).toBe(200);
    expect(await customer.checksOut()).toMatchObject({ status: 409, body: { reason: "CART_EMPTY" } });
    await customer.puts(flashlight);
    expect((await customer.checksOut({ key: "" })).status).toBe(200);
    await customer.puts(flashlight);
    expect((await customer.checksOut({ key: "" })).status).toBe(200);
    expect(await ordersOf(customer)).toHaveLength(3);
  });

  it.each([
    ["256 characters", "k".repeat(256), 200],
    ["257 characters", "k".repeat(257), 400],
    ["every printable character", " !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~".trim(), 200],
    ["characters that are not ASCII", "schl\u00fcssel", 400],
    ["a tab", "a\tb", 400],
  ])("of %s is answered as it should", async (_, key, status) => {
    const customer = await customerWithCart();
    const answer = await customer.checksOut({ key });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body.reason).toBe("IDEMPOTENCY_KEY_INVALID");
  });

  it("leaves books that agree", async () => {
    await expectBooksAgree(shop.sql);
  });
});
