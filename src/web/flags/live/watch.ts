import { useSyncExternalStore } from "react";
import type { WatchResponse } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { TabStream } from "../../shared/tab-stream.ts";
import { flagService } from "../api.ts";

/** How the tab's one stream is doing. */
export type Connection = "connecting" | "live" | "lost";

export type Watched = {
  readonly connection: Connection;
  /** The flags, the activity and the schedule as they are; undefined until they are told for the first time. */
  readonly now: WatchResponse | undefined;
};

let watched: Watched = { connection: "connecting", now: undefined };

const stream = new TabStream<WatchResponse>({
  open: (signal) => flagService.watch({}, { signal }),
  take: (now) => update({ connection: "live", now }),
  lost(failure) {
    if (failure !== undefined) console.debug("The stream of flags has ended:", failure.message);
    update({ connection: "lost" });
  },
  longestRetryMs: 10_000,
});

function update(change: Partial<Watched>): void {
  watched = { ...watched, ...change };
  stream.changed();
}

/** The part of what the stream tells that `select` picks; renders again only when that part changes. */
export function useWatched<T>(select: (all: Watched) => T): T {
  return useSyncExternalStore(stream.subscribe, () => select(watched));
}
