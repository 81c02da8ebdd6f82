import { Code } from "@connectrpc/connect";
import { defineErrors } from "../platform/rpc/errors.ts";

export const observatoryErrors = defineErrors({
  TRACE_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "No span of this trace is in the store: it has not arrived yet, was dropped for its age, or never was.",
  },
  METRIC_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "No point of this metric is in the store.",
  },
  QUERY_REFUSED: {
    code: Code.InvalidArgument,
    meaning: "The statement is wrong, does more than read, or takes too long; the message tells which.",
  },
});
