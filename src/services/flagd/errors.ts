import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const flagdErrors = defineErrors({
  FLAG_NOT_FOUND: { code: Code.NotFound, meaning: "There is no flag of that key." },
  FLAG_DISABLED: {
    code: Code.NotFound,
    meaning: "The flag is there and switched off as a whole; use your own default.",
  },
  TYPE_MISMATCH: { code: Code.InvalidArgument, meaning: "The flag's values are of another type than was asked for." },
  PARSE_ERROR: { code: Code.DataLoss, meaning: "The flag's rule cannot be understood." },
  FLAG_ERROR: { code: Code.Internal, meaning: "The flag's rule could not be evaluated." },
});
