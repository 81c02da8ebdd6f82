import { describe, expect, it } from "vitest";
import type { Failure } from "../api.ts";
import type { CartLine, OrderRequest } from "../model.ts";
import { contentOf, nextAttempt, settles } from "./order-attempt.ts";

const order: OrderRequest = {
  userId: "5f2ad0a8-53a4-4d43-b1f0-6f0a8d6f2f6b",
  email: "someone@example.com",
  userCurrency: "EUR",
  address: { streetAddress: "1 Hill Road", city: "Flagstaff", state: "AZ", country: "United States", zipCode: "86001" },
  creditCard: {
    creditCardNumber: "4432-8015-6152-0454",
    creditCardCvv: 672,
    creditCardExpirationYear: 2039,
    creditCardExpirationMonth: 1,
  },
};
const lines: CartLine[] = [{ productId: "2ZYFJ3GM2N", quantity: 1, product: null }];

function keys(): () => string {
  let count = 0;
  return () => `key-${++count}`;
}

const refused = (status: number, reason: string): Failure => ({
  kind: "refused",
  status,
  reason,
  detail: "",
  fields: [],
});

describe("the key of an order", () => {
  it("stays the same while the form and the cart stay the same", () => {
    const newKey = keys();
    const first = nextAttempt(undefined, contentOf(order, lines), newKey);
    const second = nextAttempt(first, contentOf(structuredClone(order), structuredClone(lines)), newKey);
    expect(second.key).toBe(first.key);
  });

  it("does not change because a price or a name in the cart was read again", () => {
    const product = {
      id: "2ZYFJ3GM2N",
      name: "Roof Binoculars",
      description: "",
      picture: "",
      priceUsd: { currencyCode: "EUR", units: 1, nanos: 0 },
      categories: [],
    };
    expect(contentOf(order, [{ productId: "2ZYFJ3GM2N", quantity: 1, product }])).toBe(contentOf(order, lines));
  });

  it.each([
    ["the e-mail address", contentOf({ ...order, email: "other@example.com" }, lines)],
    ["the card", contentOf({ ...order, creditCard: { ...order.creditCard, creditCardCvv: 673 } }, lines)],
    ["the currency", contentOf({ ...order, userCurrency: "USD" }, lines)],
    ["a quantity", contentOf(order, [{ productId: "2ZYFJ3GM2N", quantity: 2, product: null }])],
  ])("is a new one after an edit of %s", (_what, edited) => {
    const newKey = keys();
    const first = nextAttempt(undefined, contentOf(order, lines), newKey);
    expect(nextAttempt(first, edited, newKey).key).not.toBe(first.key);
  });
});

describe("a failure", () => {
  it.each([
    refused(402, "CARD_DECLINED"),
    refused(402, "CARD_EXPIRED"),
    refused(404, "PRODUCT_NOT_FOUND"),
    refused(409, "CART_EMPTY"),
    refused(409, "IDEMPOTENCY_KEY_REUSED"),
    refused(400, "INVALID_REQUEST"),
  ])("that the shop decided ends the attempt: %o", (failure) => {
    expect(settles(failure)).toBe(true);
  });

  it.each<Failure>([
    { kind: "unreachable" },
    { kind: "timeout" },
    refused(409, "ORDER_IN_PROGRESS"),
    refused(503, "SERVICE_UNAVAILABLE"),
    refused(504, "DEADLINE_EXCEEDED"),
    // The order came to nothing and its key is free again: trying with it is safe.
    refused(503, "PAYMENT_UNAVAILABLE"),
    refused(499, "CANCELED"),
    // A proxy on the way, not the shop.
    refused(404, ""),
    refused(502, ""),
  ])("that leaves the outcome open keeps the key: %o", (failure) => {
    expect(settles(failure)).toBe(false);
  });
});
