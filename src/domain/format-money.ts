import type { Money } from "./money.ts";

/**
 * An amount for people, with its currency's own number of decimals (ISO 4217 minor units, as Intl knows them), rounded
 * half to even: `€50.49`, `¥6,382`.
 */
export function formatMoney(money: Money, locale = "en-US"): string {
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    roundingMode: "halfEven",
  } as Intl.NumberFormatOptions).format(decimal(money) as Intl.StringNumericLiteral);
}

/** The exact amount in decimal digits: `-1.750000000`. */
function decimal({ nanos }: Money): string {
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, "0");
  return `${nanos < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
