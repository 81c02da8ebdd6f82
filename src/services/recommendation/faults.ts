import { sessionContext } from "../../platform/flags/session-context.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { recommendationErrors } from "./errors.ts";

const missShare = 0.5;
/** Where a process may be larger than the machine can bear, the list grows no further. */
const longest = 32 * 1024 * 1024;

/** What the flags of recommendation break. */
export function recommendationFaults({ flags }: Pick<ServiceContext, "flags">) {
  /** Product ids, of which nothing is ever taken out. */
  let cache: string[] = [];
  const unsubscribe = flags.onChange(async () => {
    if (!(await flags.value("recommendationCacheFailure", false))) cache = [];
  });
  return {
    /** @param call what an impatient client repeats */
    async beforeRecommending(call: () => Promise<unknown>): Promise<void> {
      if (await flags.value("recommendationCohortFailure", false, sessionContext())) {
        const message = "There are no recommendations at the moment.";
        throw markRetriesSpent(rpcError(recommendationErrors.RECOMMENDATIONS_UNAVAILABLE, message));
      }
      const repeats = await flags.value("recommendationRetryStorm", 0);
      await Promise.allSettled(Array.from({ length: repeats }, call));
    },
    /** The ids of all products: from the catalogue, or by a cache that grows by a quarter each time that it misses. */
    async productIds(fromCatalog: () => Promise<readonly string[]>): Promise<readonly string[]> {
      if (!(await flags.value("recommendationCacheFailure", false))) return fromCatalog();
      if (cache.length === 0 || Math.random() < missShare) {
        const ids = await fromCatalog();
        if (cache.length < longest) {
          cache = cache.concat(ids);
          cache = cache.concat(cache.slice(0, Math.ceil(cache.length / 4)));
        }
      }
      return [...new Set(cache)];
    },
    stop(): void {
      unsubscribe();
      cache = [];
    },
  };
}
