import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currencySymbol, formatMoney, type Money, multiply, sum } from "./money.ts";

const money = (currencyCode: string, units: number, nanos = 0): Money => ({ currencyCode, units, nanos });

describe("formatting", () => {
  it.each([
    [money("USD", 101, 960_000_000), "$101.96"],
    [money("USD", 57, 80_000_000), "$57.08"],
    [money("USD", 3599), "$3,599.00"],
    [money("USD", 0, 990_000_000), "$0.99"],
    [money("EUR", -1, -750_000_000), "-€1.75"],
    [money("USD", 0, -5_000_000), "-$0.01"],
  ])("writes %o as %s", (amount, text) => {
    expect(formatMoney(amount)).toBe(text);
  });

  it("uses the currency's own minor units", () => {
    expect(formatMoney(money("JPY", 1234, 400_000_000))).toBe("¥1,234");
    expect(formatMoney(money("KRW", 1234, 500_000_000))).toBe("₩1,235");
  });

  it("rounds the exact amount, not the nearest double", () => {
    expect(formatMoney(money("USD", 1, 5_000_000))).toBe("$1.01");
    expect(formatMoney({ currencyCode: "USD", units: "9007199254740993", nanos: 10_000_000 })).toBe(
      "$9,007,199,254,740,993.01",
    );
  });

  it("shows a code that is no currency code as it is", () => {
    expect(formatMoney(money("moon", 2, 500_000_000))).toBe("moon 2.50");
    expect(currencySymbol("moon")).toBe("moon");
  });

  it("knows the symbols of currencies", () => {
    expect(currencySymbol("EUR")).toBe("€");
    expect(currencySymbol("CHF")).toBe("CHF");
  });
});

describe("totals", () => {
  it("multiplies without losing a nano", () => {
    expect(multiply(money("EUR", 90, 196_123_457), 10)).toEqual(money("EUR", 901, 961_234_570));
  });

  it("refuses to add different currencies", () => {
    expect(sum([money("EUR", 1), money("USD", 1)])).toBeUndefined();
    expect(sum([])).toBeUndefined();
  });

  it("adds exactly, whatever the order", () => {
    const amounts = fc.array(
      fc.record({
        currencyCode: fc.constant("EUR"),
        units: fc.integer({ min: 0, max: 10_000_000 }),
        nanos: fc.integer({ min: 0, max: 999_999_999 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(amounts, (list) => {
        const total = sum(list);
        const nanos = list.reduce((all, each) => all + BigInt(each.units) * 1_000_000_000n + BigInt(each.nanos), 0n);
        expect(total).toEqual(sum(list.toReversed()));
        expect(BigInt(total?.units ?? -1) * 1_000_000_000n + BigInt(total?.nanos ?? -1)).toBe(nanos);
      }),
    );
  });

  it("adds a line's price as often as it is bought", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 999_999_999 }), (quantity, nanos) => {
        const price = money("USD", 7, nanos);
        expect(multiply(price, quantity)).toEqual(sum(Array.from({ length: quantity }, () => price)));
      }),
    );
  });
});
