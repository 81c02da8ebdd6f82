import type { Money } from "./money.ts";

/**
 * An amount for people, with its currency's own number of decimals (ISO 4217 minor units, as Intl knows them), rounded
 * half to even: `€50.49`, `¥6,382`.
 */
export function formatMoney(money: Money, locale = "en-US"): string {
  return formatter(money.currency, locale).format(decimal(money) as Intl.StringNumericLiteral);
}

/** Making a formatter costs a hundred times what using it does; there are a few currencies, so all are kept. */
const formatters = new Map<string, Intl.NumberFormat>();

function formatter(currency: string, locale: string): Intl.NumberFormat {
  const name = `${locale} ${currency}`;
  let found = formatters.get(name);
  if (found === undefined) {
    found = new Intl.NumberFormat(locale, { style: "currency", currency, roundingMode: "halfEven" });
    formatters.set(name, found);
  }
  return found;
}

/** The exact amount in decimal digits: `-1.750000000`. */
function decimal({ nanos }: Money): string {
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, "0");
  return `${nanos < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
