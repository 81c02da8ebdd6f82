import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cardCountry, judgeCard } from "./card.ts";

const now = new Date(2026, 10, 20);
const judge = (number: string, expirationMonth = 1, expirationYear = 2039) =>
  judgeCard({ number, expirationMonth, expirationYear }, now);

describe("judging a card", () => {
  it.each([
    ["4432-8015-6152-0454", "visa"],
    ["4111 1111 1111 1111", "visa"],
    ["5555555555554444", "mastercard"],
    ["2221000000000009", "mastercard"],
    ["2720999999999996", "mastercard"],
    ["2223003122003222", "mastercard"],
  ])("accepts %s as %s", (number, brand) => {
    expect(judge(number)).toMatchObject({ kind: "accepted", brand });
  });

  it.each([
    ["378282246310005", "amex"],
    ["30569309025904", "diners_club_carte_blanche"],
    ["6011111111111117", "discover"],
    ["3530111333300000", "jcb"],
    ["4026000000000002", "visa_electron"],
  ])("names the brand of %s, which is not accepted", (number, brand) => {
    expect(judge(number)).toEqual({ kind: "brand-not-accepted", brand });
  });

  it.each([
    "",
    "4432801561520455",
    "44328015615204",
    "abcd",
    "0000000000000000",
    "4111-1111-1111-1111-1",
    "٤١١١١١١١١١١١١١١١",
  ])("takes %j for no card number", (number) => {
    expect(judge(number)).toEqual({ kind: "invalid", what: "number" });
  });

  it("notices any one digit that is wrong", () => {
    const good = "4432801561520454";
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 9 }), (position, shift) => {
        const digit = (Number(good[position]) + shift) % 10;
        const mistyped = good.slice(0, position) + digit + good.slice(position + 1);
        expect(judge(mistyped).kind).not.toBe("accepted");
      }),
    );
  });

  it("is good through its month, and not beyond", () => {
    expect(judge("4111111111111111", 11, 2026).kind).toBe("accepted");
    expect(judge("4111111111111111", 10, 2026)).toEqual({ kind: "expired", lastFour: "1111", month: 10, year: 2026 });
    expect(judge("4111111111111111", 12, 2025).kind).toBe("expired");
  });

  it("needs an expiry date", () => {
    expect(judge("4111111111111111", 0, 2039)).toEqual({ kind: "invalid", what: "expiry" });
    expect(judge("4111111111111111", 5, 0)).toEqual({ kind: "invalid", what: "expiry" });
  });
});

it("tells the country of test cards only", () => {
  expect(cardCountry("4000002760000016")).toBe("DE");
  expect(cardCountry("4000001240000000")).toBe("CA");
  expect(cardCountry("4111111111111111")).toBeUndefined();
});
