import { Code } from "@connectrpc/connect";
import { defineErrors } from "../../platform/rpc/errors.ts";

export const adErrors = defineErrors({
  ADS_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "No advertisement can be had at the moment. Show none.",
  },
});
