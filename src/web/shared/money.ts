/**
 * An exact amount: `units` whole units of the ISO 4217 currency plus `nanos` billionths of one, both of the same sign.
 * JSON carries `units` as a number, or as a string where it is too large for one.
 */
export type Money = {
  readonly currencyCode: string;
  readonly units: number | string;
  readonly nanos: number;
};

const nanosPerUnit = 1_000_000_000n;

function toNanos(money: Money): bigint {
  return BigInt(money.units) * nanosPerUnit + BigInt(money.nanos);
}

function fromNanos(currencyCode: string, total: bigint): Money {
  const units = total / nanosPerUnit;
  const safe = units >= BigInt(Number.MIN_SAFE_INTEGER) && units <= BigInt(Number.MAX_SAFE_INTEGER);
  return { currencyCode, units: safe ? Number(units) : units.toString(), nanos: Number(total % nanosPerUnit) };
}

/** The price of `quantity` pieces, exact to the nano. */
export function multiply(price: Money, quantity: number): Money {
  return fromNanos(price.currencyCode, toNanos(price) * BigInt(quantity));
}

/**
 * The exact sum of amounts of one currency; undefined when they are none or of several currencies,
 * as happens for a moment while the shopper changes the currency.
 */
export function sum(amounts: readonly Money[]): Money | undefined {
  const [first] = amounts;
  if (!first || amounts.some((amount) => amount.currencyCode !== first.currencyCode)) return undefined;
  return fromNanos(
    first.currencyCode,
    amounts.reduce((total, amount) => total + toNanos(amount), 0n),
  );
}

function toDecimal(money: Money): Intl.StringNumericLiteral {
  const total = toNanos(money);
  const absolute = total < 0n ? -total : total;
  const whole = `${absolute / nanosPerUnit}.${(absolute % nanosPerUnit).toString().padStart(9, "0")}`;
  return `${total < 0n ? "-" : ""}${whole}` as Intl.StringNumericLiteral;
}

const formats = new Map<string, Intl.NumberFormat>();

function formatFor(currencyCode: string): Intl.NumberFormat {
  const known = formats.get(currencyCode);
  if (known) return known;
  const format = new Intl.NumberFormat("en", { style: "currency", currency: currencyCode });
  formats.set(currencyCode, format);
  return format;
}

/**
 * The amount as people write it, rounded to the minor units of its currency (none for the yen).
 * A code that is no ISO 4217 code is written in front of the amount.
 */
export function formatMoney(money: Money): string {
  // The decimal goes in as text: Intl then rounds the exact amount, not the nearest double.
  const decimal = toDecimal(money);
  if (!/^[A-Z]{3}$/.test(money.currencyCode)) {
    return `${money.currencyCode} ${new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(decimal)}`.trim();
  }
  return formatFor(money.currencyCode).format(decimal);
}

/** The sign that stands for a currency, such as `€`; the code itself where there is none. */
export function currencySymbol(currencyCode: string): string {
  if (!/^[A-Z]{3}$/.test(currencyCode)) return currencyCode;
  const parts = new Intl.NumberFormat("en", {
    style: "currency",
    currency: currencyCode,
    currencyDisplay: "narrowSymbol",
  }).formatToParts(0);
  return parts.find((part) => part.type === "currency")?.value ?? currencyCode;
}
