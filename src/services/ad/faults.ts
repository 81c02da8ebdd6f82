import { setImmediate as afterOthers } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sessionContext } from "../../platform/flags/session-context.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { BusyThreads } from "./busy-threads.ts";
import { adErrors } from "./errors.ts";

const failureShare = 0.1;
const busyThreads = 4;

/** Collections for one request. */
const collections = 10;
/** Of the heap's limit, and at most so many bytes, where the limit is that of a large machine. */
const filledShare = 0.8;
const filledBytes = 128 * 1024 * 1024;
/** Bytes of one piece of what fills the heap: 8 for each element. Large ones would not pass the young generation. */
const pieceBytes = 4 * 1024;

/** What the flags of ad break. */
export function adFaults({ flags, log }: Pick<ServiceContext, "flags" | "log">) {
  const threads = new BusyThreads();
  const unsubscribe = flags.onChange(async () => {
    if (!(await flags.value("adHighCpu", false))) await threads.end();
  });
  return {
    async beforeGetAds(call: { readonly signal: AbortSignal }): Promise<void> {
      const whose = sessionContext();
      if (await flags.value("adNoisyLogs", false, whose)) log.warn("Campaigns are taken from the cache");
      if (await flags.value("adHighCpu", false, whose)) threads.begin(busyThreads);
      else if (threads.areBusy) await threads.end();
      if (await flags.value("adFailure", false, whose)) failNowAndThen();
      if (await flags.value("adManualGc", false, whose)) await collectGarbage(call);
    },
    async stop(): Promise<void> {
      unsubscribe();
      await threads.end();
    },
  };
}

function failNowAndThen(): void {
  if (Math.random() >= failureShare) return;
  throw markRetriesSpent(rpcError(adErrors.ADS_UNAVAILABLE, "No advertisement can be had at the moment."));
}

let collect: (() => void) | undefined;

/** V8's own collector, which is there for who asks for it. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const made: () => void = runInNewContext("gc");
  return made;
}

/** Fills the heap and has it collected in full, again and again, as long as somebody waits for it. */
async function collectGarbage(call: { readonly signal: AbortSignal }): Promise<void> {
  collect ??= collector();
  for (let round = 0; round < collections && !call.signal.aborted; round++) {
    const pieces = fillHeap();
    collect();
    pieces.length = 0;
    await afterOthers();
  }
}

function fillHeap(): number[][] {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  const bytes = Math.min(limit * filledShare - used, filledBytes);
  const pieces: number[][] = [];
  for (let filled = 0; filled < bytes; filled += pieceBytes) pieces.push(new Array(pieceBytes / 8).fill(0.5));
  return pieces;
}
