import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const currencyErrors = defineErrors({
  CURRENCY_UNSUPPORTED: {
    code: Code.InvalidArgument,
    meaning: "The currency is none of GetSupportedCurrencies.",
  },
  RATE_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The rate of a currency cannot be had at the moment; others can. Repeat it later.",
  },
  AMOUNT_OUT_OF_RANGE: {
    code: Code.OutOfRange,
    meaning: "The converted amount does not fit the contract's Money.",
  },
});
