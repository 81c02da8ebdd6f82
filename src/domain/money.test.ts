import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  fromMessage,
  type Money,
  MoneyError,
  multiply,
  negate,
  scaleHalfEven,
  sum,
  toMessage,
  zero,
} from "./money.ts";

const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map((nanos): Money => ({ currency: "USD", nanos }));

const usd = (units: bigint, nanos: number) => fromMessage({ currencyCode: "USD", units, nanos });

describe("money", () => {
  it("survives the message there and back", () => {
    fc.assert(
      fc.property(amount, (money) => {
        expect(fromMessage(toMessage(money))).toEqual(money);
      }),
    );
  });

  it("writes nanos in range and of the same sign as units", () => {
    fc.assert(
      fc.property(amount, (money) => {
        const { units, nanos } = toMessage(money);
        expect(Math.abs(nanos)).toBeLessThan(1_000_000_000);
        expect((units > 0n && nanos < 0) || (units < 0n && nanos > 0)).toBe(false);
      }),
    );
  });

  it("adds in any order, and takes away what it added", () => {
    fc.assert(
      fc.property(amount, amount, amount, (a, b, c) => {
        expect(add(a, b)).toEqual(add(b, a));
        expect(add(add(a, b), c)).toEqual(add(a, add(b, c)));
        expect(add(add(a, b), negate(b))).toEqual(a);
      }),
    );
  });

  it("multiplies as it would add, zero times being nothing", () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 50 }), (money, times) => {
        expect(multiply(money, times)).toEqual(
          sum(
            "USD",
            Array.from({ length: times }, () => money),
          ),
        );
      }),
    );
  });

  it("orders as its difference is signed", () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(Math.sign(compare(a, b))).toBe(Math.sign(compare(add(a, negate(b)), zero("USD"))));
      }),
    );
  });

  it.each([
    ["carries nanos", usd(2n, 200_000_000), usd(2n, 900_000_000), usd(5n, 100_000_000)],
    ["carries below zero", usd(-2n, -200_000_000), usd(-2n, -900_000_000), usd(-5n, -100_000_000)],
    ["borrows between signs", usd(11n, 100_000_000), usd(-2n, -9_000_000), usd(9n, 91_000_000)],
    ["borrows the other way", usd(-11n, -100_000_000), usd(2n, 9_000_000), usd(-9n, -91_000_000)],
  ])("%s", (_, a, b, expected) => {
    expect(add(a, b)).toEqual(expected);
  });

  it("rounds halves to even, away from neither side", () => {
    expect([1n, 3n, 5n, -1n, -3n, 7n].map((nanos) => scaleHalfEven(nanos, 1n, 2n))).toEqual([0n, 2n, 2n, 0n, -2n, 4n]);
    expect(scaleHalfEven(10n, 1n, 3n)).toBe(3n);
    expect(scaleHalfEven(20n, 1n, 3n)).toBe(7n);
  });

  it.each([
    [1n, -1],
    [-1n, 1],
    [0n, 1_000_000_000],
    [0n, -1_000_000_000],
  ])("refuses units %s with nanos %s", (units, nanos) => {
    expect(() => usd(units, nanos)).toThrow(MoneyError);
  });

  it("refuses to mix currencies, and amounts that do not fit the message", () => {
    expect(() => add(zero("USD"), zero("EUR"))).toThrow("USD and EUR");
    expect(() => toMessage({ currency: "USD", nanos: 10n ** 30n })).toThrow(MoneyError);
  });
});
