import type { ServiceImpl } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import type { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import type { Money } from "../../../gen/oteldemo/money_pb.ts";
import { attribute, metric } from "../../../gen/telemetry/registry.ts";
import { fromMessage, MoneyError, toMessage } from "../../domain/money.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import type { Telemetry } from "../../platform/telemetry/telemetry.ts";
import { convert, supportedCurrencies } from "./currency.ts";
import { currencyErrors } from "./errors.ts";
import type { CurrencyFaults } from "./faults.ts";

export function currencyHandlers(faults: CurrencyFaults, { meter }: Telemetry): ServiceImpl<typeof CurrencyService> {
  const conversions = meter.createCounter(metric.demoExchangeConversions.name, metric.demoExchangeConversions);
  const tellSpan = (from: string | undefined, to: string) => {
    trace.getActiveSpan()?.setAttributes({ [attribute.demoExchangeFrom]: from ?? "", [attribute.demoExchangeTo]: to });
  };
  return {
    getSupportedCurrencies: () => ({ currencyCodes: [...supportedCurrencies] }),
    async convert({ from, toCode }) {
      tellSpan(from?.currencyCode, toCode);
      await faults.beforeConverting(toCode);
      const converted = await convertMessage(from, { toCode, faults });
      conversions.add(1, { [attribute.demoExchangeTo]: toCode });
      return converted;
    },
    async convertBatch({ from, toCode }) {
      if (from.length > 0) tellSpan(from[0]?.currencyCode, toCode);
      await faults.beforeConverting(toCode);
      const converted = await Promise.all(from.map((money) => convertMessage(money, { toCode, faults })));
      if (converted.length > 0) conversions.add(converted.length, { [attribute.demoExchangeTo]: toCode });
      return { converted };
    },
  };
}

async function convertMessage(
  from: Money | undefined,
  { toCode, faults }: { readonly toCode: string; readonly faults: CurrencyFaults },
): Promise<Money> {
  const conversion = convert(fromMessage(from ?? { currencyCode: "", units: 0n, nanos: 0 }), toCode);
  if (conversion.kind === "unsupported") {
    throw rpcError(
      currencyErrors.CURRENCY_UNSUPPORTED,
      `${JSON.stringify(conversion.currency)} is not a currency that can be converted; USD and EUR are, for example.`,
      { metadata: { currency: conversion.currency } },
    );
  }
  try {
    const isSame = from?.currencyCode === toCode;
    return toMessage(isSame ? conversion.money : await faults.converted(conversion.money));
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause;
    throw rpcError(currencyErrors.AMOUNT_OUT_OF_RANGE, cause.message, { cause });
  }
}
