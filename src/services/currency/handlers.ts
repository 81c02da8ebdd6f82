import type { ServiceImpl } from "@connectrpc/connect";
import type { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import type { Money } from "../../../gen/oteldemo/money_pb.ts";
import { fromMessage, MoneyError, toMessage } from "../../domain/money.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { convert, supportedCurrencies } from "./currency.ts";
import { currencyErrors } from "./errors.ts";

export const currencyHandlers: ServiceImpl<typeof CurrencyService> = {
  getSupportedCurrencies: () => ({ currencyCodes: [...supportedCurrencies] }),
  convert: ({ from, toCode }) => convertMessage(from, toCode),
  convertBatch: ({ from, toCode }) => ({ converted: from.map((money) => convertMessage(money, toCode)) }),
};

function convertMessage(from: Money | undefined, toCode: string): Money {
  const conversion = convert(fromMessage(from ?? { currencyCode: "", units: 0n, nanos: 0 }), toCode);
  if (conversion.kind === "unsupported") {
    throw rpcError(
      currencyErrors.CURRENCY_UNSUPPORTED,
      `${JSON.stringify(conversion.currency)} is not a currency that can be converted; USD and EUR are, for example.`,
      { metadata: { currency: conversion.currency } },
    );
  }
  try {
    return toMessage(conversion.money);
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause;
    throw rpcError(currencyErrors.AMOUNT_OUT_OF_RANGE, cause.message, { cause });
  }
}
