import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const flagUiErrors = defineErrors({
  FLAG_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no flag of that key in the file; the message names those that there are.",
  },
  VARIANT_NOT_FOUND: {
    code: Code.InvalidArgument,
    meaning: "The flag has no such variant; the message names those that it has.",
  },
  FLAG_NOT_DECLARED: {
    code: Code.FailedPrecondition,
    meaning: "No service declares the flag, so that nothing says which of its variants is the one at rest.",
  },
  FLAGS_CHANGED: {
    code: Code.Aborted,
    meaning: "Somebody has changed the flags since the version that was named. Look at them again, then repeat.",
  },
  FLAGS_INVALID: {
    code: Code.InvalidArgument,
    meaning: "The document or the rule is not valid; the message says where and why. Nothing was changed.",
  },
  FLAG_FILE_BROKEN: {
    code: Code.FailedPrecondition,
    meaning:
      "The file was broken by hand, so single flags cannot be changed; flags are as they were. Mend it or replace it.",
  },
  FLAG_FILE_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The file of flags cannot be read or written; the log tells why. Nothing was changed.",
  },
  SCHEDULE_INVALID: {
    code: Code.InvalidArgument,
    meaning:
      "The settings of the schedule are out of range or select nothing; the message says which. Nothing was changed.",
  },
  ORIGIN_NOT_ALLOWED: {
    code: Code.PermissionDenied,
    meaning: "Web pages of that origin may not change flags; ALLOWED_ORIGINS names those that may.",
  },
});
