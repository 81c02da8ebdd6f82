import { describe, expect, it } from "vitest";
import { defaultValues, expirationYears, fieldOf, groupCardNumber, orderOf, rules } from "./checkout-values.ts";

const shopper = { userId: "5f2ad0a8-53a4-4d43-b1f0-6f0a8d6f2f6b", currencyCode: "EUR" };

describe("the checkout form", () => {
  it("starts with a card that has not expired, in whatever year it is opened", () => {
    for (const today of [new Date(2026, 11, 31), new Date(2031, 0, 1)]) {
      const values = defaultValues(today);
      expect(Number(values.creditCardExpirationYear)).toBeGreaterThan(today.getFullYear());
      expect(expirationYears(today)).toContain(values.creditCardExpirationYear);
    }
  });

  it("accepts its own defaults", () => {
    const values = defaultValues(new Date());
    for (const [field, rule] of Object.entries(rules)) expect(rule(values[field as keyof typeof rules])).toBeNull();
  });

  it("sends numbers where the shop wants numbers, and no stray blanks", () => {
    const order = orderOf({ ...defaultValues(new Date(2026, 1, 1)), city: " Mountain View " }, shopper);
    expect(order).toMatchObject({
      userCurrency: "EUR",
      address: { city: "Mountain View", zipCode: "94043" },
      creditCard: {
        creditCardNumber: "4432-8015-6152-0454",
        creditCardCvv: 672,
        creditCardExpirationYear: 2027,
        creditCardExpirationMonth: 1,
      },
    });
  });

  it.each([
    ["4432801561520454", "4432-8015-6152-0454"],
    ["4432 8015 6152 0454", "4432-8015-6152-0454"],
    ["4432-8", "4432-8"],
    ["4432-", "4432"],
    ["", ""],
  ])("groups the card number %j as %j", (typed, grouped) => {
    expect(groupCardNumber(typed)).toBe(grouped);
  });

  it.each([
    ["address.zipCode", "zipCode"],
    ["credit_card.credit_card_cvv", "creditCardCvv"],
    ["email", "email"],
    ["userId", undefined],
    ["toString", undefined],
  ])("knows which input the API's field %j is", (apiField, field) => {
    expect(fieldOf(apiField)).toBe(field);
  });
});
