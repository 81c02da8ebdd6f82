import { Code } from "@connectrpc/connect";
import { defineErrors, platformErrors } from "../../../platform/rpc/errors.ts";

export const apiErrors = {
  ...defineErrors({
    SESSION_MISSING: {
      code: Code.Unauthenticated,
      meaning: "The request does not say whose orders it asks for.",
    },
  }),
  INVALID_REQUEST: platformErrors.INVALID_REQUEST,
};
