import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const recommendationErrors = defineErrors({
  RECOMMENDATIONS_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "There are no recommendations for the session; pages do without.",
  },
});
