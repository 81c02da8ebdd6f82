import type { Money } from "../../domain/money.ts";

/** What shipping one item costs: 8.99 US dollars. */
const perItemNanos = 8_990_000_000n;

/** What shipping a number of items costs. */
export function shippingQuote(numberOfItems: number): Money {
  return { currency: "USD", nanos: perItemNanos * BigInt(numberOfItems) };
}

/** An amount with whole cents as a number of dollars, for JSON. */
export function dollarsOf(money: { readonly units: number; readonly nanos: number }): number {
  return (money.units * 100 + Math.round(money.nanos / 10_000_000)) / 100;
}

/** A number of dollars from JSON, to the nearest cent: no cent is lost to binary fractions. */
export function moneyOfDollars(dollars: number): { readonly units: number; readonly nanos: number } {
  const cents = Math.round(dollars * 100);
  return { units: Math.floor(cents / 100), nanos: (cents % 100) * 10_000_000 };
}
