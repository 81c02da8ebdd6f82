import type { ServiceImpl } from "@connectrpc/connect";
import type { FlagSyncService } from "../../../gen/flagd/sync/v1/sync_pb.ts";
import type { FlagSet } from "../../platform/flags/flag-set.ts";
import { changesOf } from "./evaluation.ts";

/** Hands the definitions to those who evaluate flags by themselves. */
export function flagSyncHandlers(set: FlagSet, closing: AbortSignal): ServiceImpl<typeof FlagSyncService> {
  return {
    async *syncFlags(_, { signal }) {
      const until = AbortSignal.any([signal, closing]);
      yield { flagConfiguration: set.text };
      for await (const changed of changesOf(set, until)) {
        if (changed.length > 0) yield { flagConfiguration: set.text };
      }
    },
    fetchAllFlags: () => ({ flagConfiguration: set.text }),
  };
}
