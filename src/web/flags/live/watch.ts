import { ConnectError } from "@connectrpc/connect";
import { useSyncExternalStore } from "react";
import type { WatchResponse } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { flagService } from "../api.ts";

/** How the tab's one stream is doing. */
export type Connection = "connecting" | "live" | "lost";

export type Watched = {
  readonly connection: Connection;
  /** The flags, the activity and the schedule as they are; undefined until they are told for the first time. */
  readonly now: WatchResponse | undefined;
};

const firstRetryMs = 500;
const longestRetryMs = 10_000;
/** The server says something at least every 10 s. */
const silenceMs = 25_000;

let watched: Watched = { connection: "connecting", now: undefined };
let stream: AbortController | undefined;
let failures = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function update(change: Partial<Watched>): void {
  watched = { ...watched, ...change };
  for (const listener of listeners) listener();
}

async function run(current: AbortController): Promise<void> {
  const { signal } = current;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => current.abort(new Error("The server says nothing any more.")), silenceMs);
  };
  try {
    listen();
    for await (const now of flagService.watch({}, { signal })) {
      if (stream !== current) return;
      listen();
      failures = 0;
      update({ connection: "live", now });
    }
  } catch (error) {
    if (stream === current) console.debug("The stream of flags has ended:", ConnectError.from(error).message);
  } finally {
    clearTimeout(silence);
  }
  if (stream === current) lose();
}

/** Waits longer after each failure, and not all tabs equally long. */
function lose(): void {
  const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** failures) * (0.5 + Math.random() / 2);
  failures++;
  clearTimeout(retryTimer);
  retryTimer = setTimeout(open, wait);
  update({ connection: "lost" });
}

function open(): void {
  close();
  stream = new AbortController();
  void run(stream);
}

function close(): void {
  clearTimeout(retryTimer);
  const former = stream;
  stream = undefined;
  former?.abort();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) open();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) close();
  };
}

// A laptop that wakes up, or a network that is back, need not wait for the next try.
window.addEventListener("online", () => {
  if (watched.connection === "lost") open();
});

/** The part of what the stream tells that `select` picks; renders again only when that part changes. */
export function useWatched<T>(select: (all: Watched) => T): T {
  return useSyncExternalStore(subscribe, () => select(watched));
}
