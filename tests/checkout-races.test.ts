import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckoutService } from "../gen/oteldemo/checkout_pb.ts";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight, goodCard, home, telescope } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { refusalOf, remoteClient } from "./remote-client.ts";
import { startShop, type TestShop } from "./shop.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

/** Headers of a request whose order stays charged for two seconds before it is shipped. */
function slowShipping() {
  return shop.network.breaks({ target: "oteldemo.ShippingService/ShipOrder", kind: "slow" }).headers;
}

async function reaches({ userId }: Customer, state: string): Promise<void> {
  await eventually(async () => {
    const [order] = await shop.sql`select state from checkout.orders where user_id = ${userId}`;
    expect(order).toEqual({ state });
  });
}

async function cartOf({ userId }: Customer) {
  return (await api(shop.url, `/api/cart?sessionId=${userId}`)).body.items.map(
    ({ productId, quantity }: { productId: string; quantity: number }) => `${quantity} ${productId}`,
  );
}

describe.concurrent("a customer", () => {
  it("who goes on shopping while the order is placed keeps what was put into the cart meanwhile, and no more", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight, 2);
    const order = api(shop.url, "/api/checkout", { body: customer.order(), headers: slowShipping() });
    await reaches(customer, "charged");
    await customer.puts(flashlight, 1);
    await customer.puts(telescope, 3);
    expect((await order).body.items).toMatchObject([{ item: { productId: flashlight, quantity: 2 } }]);
    expect(await cartOf(customer)).toEqual([`1 ${flashlight}`, `3 ${telescope}`]);
  });

  it("who takes something out while the order is placed has an empty cart afterwards", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight, 2);
    await customer.puts(telescope, 1);
    const order = api(shop.url, "/api/checkout", { body: customer.order(), headers: slowShipping() });
    await reaches(customer, "charged");
    await customer.puts(flashlight, -1);
    expect((await order).status).toBe(200);
    expect(await cartOf(customer)).toEqual([]);
  });

  // Two seconds are to be had for going away; a machine that stands still may miss them.
  it("who goes away while the order is placed has it nevertheless", { retry: 2 }, async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const leaving = new AbortController();
    const answer = fetch(`${shop.url}/api/checkout`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "once", ...slowShipping() },
      body: JSON.stringify(customer.order()),
      signal: leaving.signal,
    });
    await reaches(customer, "charged");
    leaving.abort();
    await expect(answer).rejects.toThrow("aborted");
    await reaches(customer, "placed");
    expect(await customer.checksOut({ key: "once" })).toMatchObject({ status: 200 });
    expect(await cartOf(customer)).toEqual([]);
  });

  it("with little patience is told that time ran out, and learns of the order under the same key", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const { userId } = customer;
    const request = { userId, userCurrency: "EUR", email: "", address: home, creditCard: goodCard };
    const checkout = remoteClient(shop.url, CheckoutService);
    const headers = { "idempotency-key": "once" };
    const refused = await refusalOf(
      checkout.placeOrder(request, { timeoutMs: 500, headers: { ...headers, ...slowShipping() } }),
    );
    expect(refused).toMatchObject({ code: Code.DeadlineExceeded });
    const { order } = await checkout.placeOrder(request, { headers, timeoutMs: 10_000 });
    expect(order?.shippingTrackingId).not.toBe("");
    await reaches(customer, "placed");
  });

  it("whose cart comes from a service that keeps lines of nothing orders the others", async () => {
    const customer = new Customer(shop.url);
    const lines = [
      { productId: flashlight, quantity: 2 },
      { productId: telescope, quantity: 0 },
    ];
    await shop.sql`
      insert into cart.carts (user_id, lines, expires_at)
      values (${customer.userId}, ${shop.sql.json(lines)}, now() + interval '1 hour')`;
    expect((await customer.checksOut()).body.items).toMatchObject([{ item: { productId: flashlight, quantity: 2 } }]);
    expect(await customer.checksOut()).toMatchObject({ status: 409, body: { reason: "CART_EMPTY" } });
  });

  it("who checks out several times at once without a key pays for what is placed, and for nothing else", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const answers = await Promise.all([customer.checksOut(), customer.checksOut(), customer.checksOut()]);
    for (const { status, body } of answers) if (status !== 200) expect(body.reason).toBe("CART_EMPTY");
  });
});

it("leaves books that agree", async () => {
  await expectBooksAgree(shop.sql);
});
