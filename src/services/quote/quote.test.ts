import { describe, expect, it } from "vitest";
import { toMessage } from "../../domain/money.ts";
import { dollarsOf, moneyOfDollars, shippingQuote } from "./quote.ts";

describe("a shipping quote", () => {
  it.each([
    [0, 0n, 0],
    [1, 8n, 990_000_000],
    [3, 26n, 970_000_000],
    [29, 260n, 710_000_000],
    [100, 899n, 0],
  ])("for %i items is %s.%i dollars", (items, units, nanos) => {
    expect(toMessage(shippingQuote(items))).toMatchObject({ currencyCode: "USD", units, nanos });
  });

  it("keeps every cent on its way through JSON numbers", () => {
    for (let items = 0; items <= 1_000; items++) {
      const { units, nanos } = toMessage(shippingQuote(items));
      const money = { units: Number(units), nanos };
      expect(moneyOfDollars(dollarsOf(money))).toEqual(money);
    }
  });
});
