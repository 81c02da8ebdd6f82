import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convert, supportedCurrencies } from "./currency.ts";

const currency = fc.constantFrom(...supportedCurrencies);
const nanos = fc.bigInt({ min: 0n, max: 10n ** 18n });

function converted(from: { currency: string; nanos: bigint }, to: string): bigint {
  const conversion = convert(from, to);
  if (conversion.kind !== "converted") throw new Error(`not converted: ${conversion.currency}`);
  return conversion.money.nanos;
}

describe("currency conversion", () => {
  it("knows 33 currencies", () => {
    expect(supportedCurrencies).toHaveLength(33);
  });

  it("leaves an amount in the same currency as it is", () => {
    fc.assert(
      fc.property(currency, nanos, (code, amount) => {
        expect(converted({ currency: code, nanos: amount }, code)).toBe(amount);
      }),
    );
  });

  it("comes back to within the rounding of one nano, scaled by the rates", () => {
    fc.assert(
      fc.property(currency, currency, nanos, (a, b, amount) => {
        const there = converted({ currency: a, nanos: amount }, b);
        const back = converted({ currency: b, nanos: there }, a);
        const perNano = converted({ currency: b, nanos: 1_000_000n }, a) / 1_000_000n + 1n;
        expect(back - amount).toBeLessThanOrEqual(perNano);
        expect(amount - back).toBeLessThanOrEqual(perNano);
      }),
    );
  });

  it("keeps leading zeros of the nanos: a flashlight of 57.08 USD is 50.490933215 EUR", () => {
    expect(converted({ currency: "USD", nanos: 57_080_000_000n }, "EUR")).toBe(50_490_933_215n);
  });

  it.each(["", "usd", "XXX", "__proto__"])("does not know the currency %j, on either side", (code) => {
    expect(convert({ currency: "USD", nanos: 1n }, code)).toEqual({ kind: "unsupported", currency: code });
    expect(convert({ currency: code, nanos: 1n }, "USD")).toEqual({ kind: "unsupported", currency: code });
  });
});
