import { create } from "@bufbuild/protobuf";
import { type Money as MoneyMessage, MoneySchema } from "../../gen/oteldemo/money_pb.ts";

/**
 * An exact amount of money in a currency, in billionths of its unit: 1.75 USD is 1,750,000,000 nanos. The range is
 * unbounded; {@link toMessage} is where the contract's bounds apply.
 */
export interface Money {
  /** ISO 4217 code. */
  readonly currency: string;
  readonly nanos: bigint;
}

const nanosPerUnit = 1_000_000_000n;
const maxUnits = 2n ** 63n - 1n;

/** An amount or an operation that is not defined. */
export class MoneyError extends Error {
  override readonly name = "MoneyError";
}

/**
 * Reads the contract's message.
 *
 * @throws MoneyError when nanos are out of range, or of the other sign than units
 */
export function fromMessage(message: Pick<MoneyMessage, "currencyCode" | "units" | "nanos">): Money {
  const { currencyCode, units, nanos } = message;
  const opposite = (units > 0n && nanos < 0) || (units < 0n && nanos > 0);
  if (opposite || Math.abs(nanos) >= Number(nanosPerUnit)) {
    throw new MoneyError(`units ${units} and nanos ${nanos} are not an amount of money`);
  }
  return { currency: currencyCode, nanos: units * nanosPerUnit + BigInt(nanos) };
}

/**
 * Writes the contract's message.
 *
 * @throws MoneyError when the units do not fit 64 bits
 */
export function toMessage(money: Money): MoneyMessage {
  const units = money.nanos / nanosPerUnit;
  if (units > maxUnits || units < -maxUnits) throw new MoneyError(`${units} ${money.currency} is too much money`);
  return create(MoneySchema, {
    currencyCode: money.currency,
    units,
    nanos: Number(money.nanos % nanosPerUnit),
  });
}

/** Nothing, in a currency. */
export function zero(currency: string): Money {
  return { currency, nanos: 0n };
}

/** @throws MoneyError when the currencies differ */
export function add(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return { currency: a.currency, nanos: a.nanos + b.nanos };
}

/** @param factor a whole number */
export function multiply(money: Money, factor: number): Money {
  return { currency: money.currency, nanos: money.nanos * BigInt(factor) };
}

export function negate(money: Money): Money {
  return { currency: money.currency, nanos: -money.nanos };
}

/**
 * Negative, zero or positive as `a` is less than, equal to or more than `b`.
 *
 * @throws MoneyError when the currencies differ
 */
export function compare(a: Money, b: Money): number {
  assertSameCurrency(a, b);
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The sum of amounts in one currency; of none, zero in `currency`. */
export function sum(currency: string, amounts: Iterable<Money>): Money {
  let total = zero(currency);
  for (const amount of amounts) total = add(total, amount);
  return total;
}

/** `a * numerator / denominator` in nanos, rounded half to even (IEEE 754 roundTiesToEven). */
export function scaleHalfEven(nanos: bigint, numerator: bigint, denominator: bigint): bigint {
  const product = nanos * numerator;
  const negative = product < 0n !== denominator < 0n;
  const magnitude = product < 0n ? -product : product;
  const divisor = denominator < 0n ? -denominator : denominator;
  let quotient = magnitude / divisor;
  const twice = (magnitude % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}

function assertSameCurrency(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new MoneyError(`${a.currency} and ${b.currency} cannot be put together`);
}
