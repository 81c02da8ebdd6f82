import { type Money, scaleHalfEven } from "../../domain/money.ts";

/** Units of a currency for one euro, in hundred-thousandths: the OpenTelemetry Demo's table. */
const rates: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    EUR: 100_000n,
    USD: 113_050n,
    JPY: 12_640_000n,
    BGN: 195_580n,
    CZK: 2_559_200n,
    DKK: 746_090n,
    GBP: 85_970n,
    HUF: 31_551_000n,
    PLN: 429_960n,
    RON: 474_630n,
    SEK: 1_053_750n,
    CHF: 113_600n,
    ISK: 13_680_000n,
    NOK: 980_400n,
    HRK: 742_100n,
    RUB: 7_442_080n,
    TRY: 612_470n,
    AUD: 160_720n,
    BRL: 426_820n,
    CAD: 151_280n,
    CNY: 758_570n,
    HKD: 887_430n,
    IDR: 1_599_940_000n,
    ILS: 408_750n,
    INR: 7_943_200n,
    KRW: 127_505_000n,
    MXN: 2_179_990n,
    MYR: 462_890n,
    NZD: 166_790n,
    PHP: 5_908_300n,
    SGD: 153_490n,
    THB: 3_601_200n,
    ZAR: 1_605_830n,
  }),
);

/** ISO 4217 codes, sorted. */
export const supportedCurrencies: readonly string[] = [...rates.keys()].sort();

export type Conversion =
  | { readonly kind: "converted"; readonly money: Money }
  | { readonly kind: "unsupported"; readonly currency: string };

/** An amount in another currency, exact to the nano and rounded half to even once. The same currency costs nothing. */
export function convert(from: Money, to: string): Conversion {
  const fromRate = rates.get(from.currency);
  if (fromRate === undefined) return { kind: "unsupported", currency: from.currency };
  const toRate = rates.get(to);
  if (toRate === undefined) return { kind: "unsupported", currency: to };
  if (from.currency === to) return { kind: "converted", money: from };
  return { kind: "converted", money: { currency: to, nanos: scaleHalfEven(from.nanos, toRate, fromRate) } };
}
