import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { FlagSyncService } from "../../../gen/flagd/sync/v1/sync_pb.ts";
import type { Logger } from "../logging/logger.ts";
import { remoteTransport } from "../rpc/remote-transport.ts";
import { readFlagDocument } from "./flag-document.ts";
import { plainNames } from "./flag-names.ts";
import { FlagSet } from "./flag-set.ts";
import type { FlagSource } from "./flag-source.ts";
import { described } from "./json-text.ts";

/** How long the last flags count while flagd is away; after that all are at rest. */
const keptMs = 1_000;
const pauseMs = 250;
/** Processes that start together may come in any order. */
const startMs = 10_000;

/**
 * The flags of a flagd, which sends its definitions at once and after each change (`flagd.sync.v1`); they are
 * evaluated here, so that no request waits for it. While it is away, all flags are at rest.
 *
 * @param origin `http://flagd:8015`
 */
export function flagSync(origin: string, log: Logger): FlagSource {
  const set = new FlagSet();
  const client = createClient(FlagSyncService, remoteTransport(origin));
  const closing = new AbortController();
  const { signal } = closing;
  const begun = performance.now();
  let hasAnswered = false;
  let isAway = false;
  let isMissed = false;
  let rest: NodeJS.Timeout | undefined;

  async function follow(): Promise<void> {
    for await (const { flagConfiguration } of client.syncFlags({ providerId: "orrery" }, { signal })) {
      const read = readFlagDocument(flagConfiguration);
      if (read.kind === "invalid") {
        log.warn(`flagd at ${origin} sends flags that are not valid: line ${read.problems.map(described).join("; ")}`);
        continue;
      }
      if (isMissed) log.info(`flagd at ${origin} answers now`);
      hasAnswered = true;
      isAway = false;
      isMissed = false;
      clearTimeout(rest);
      set.replace(read.document);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const error = await follow().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (signal.aborted) break;
      // A stream that is ended in order is only begun anew.
      if (error === undefined) continue;
      if (!isAway) rest = setTimeout(() => set.replace({ flags: {} }), keptMs);
      isAway = true;
      if (!isMissed && (hasAnswered || performance.now() - begun > startMs)) {
        isMissed = true;
        log.warn({ error }, `flagd at ${origin} does not answer; all flags are at rest until it does`);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    clearTimeout(rest);
  }

  const running = run();
  return {
    set,
    names: plainNames,
    async close() {
      closing.abort();
      await running;
    },
  };
}
