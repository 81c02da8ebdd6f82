import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { useSyncExternalStore } from "react";
import type {
  GetMapResponse,
  LogRecord,
  StoreStatus,
  WatchResponse,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";

/** How the tab's one stream is doing. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `retryAt` in milliseconds since 1970. */
  | { readonly kind: "lost"; readonly reason: string; readonly retryAt: number };

export type Watched = {
  readonly connection: Connection;
  readonly isPaused: boolean;
  /** The map over the last minute. */
  readonly map: GetMapResponse | undefined;
  readonly store: StoreStatus | undefined;
  /** Newest first, at most `logsKept`; only while a view asks for them. */
  readonly logs: readonly LogRecord[];
  /** Grows whenever an alert changes. */
  readonly alertChanges: number;
};

const logsKept = 2000;
const firstRetryMs = 500;
const longestRetryMs = 15_000;

let watched: Watched = {
  connection: { kind: "connecting" },
  isPaused: false,
  map: undefined,
  store: undefined,
  logs: [],
  alertChanges: 0,
};
/** Milliseconds that the store's clock is ahead of ours. */
let clockOffset = 0;
let wantsLogs = false;
let stream: AbortController | undefined;
let failures = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function update(change: Partial<Watched>): void {
  watched = { ...watched, ...change };
  for (const listener of listeners) listener();
}

function take(tick: WatchResponse): void {
  if (tick.time) clockOffset = timestampMs(tick.time) - Date.now();
  failures = 0;
  const connection: Connection = watched.connection.kind === "live" ? watched.connection : { kind: "live" };
  if (watched.isPaused) {
    update({ connection });
    return;
  }
  const newestFirst = tick.logs.toSorted((a, b) => nanos(b.time) - nanos(a.time));
  update({
    connection,
    map: tick.map ?? watched.map,
    store: tick.store ?? watched.store,
    logs: newestFirst.length === 0 ? watched.logs : [...newestFirst, ...watched.logs].slice(0, logsKept),
    alertChanges: watched.alertChanges + (tick.alerts.length > 0 ? 1 : 0),
  });
}

function nanos(time: Timestamp | undefined): number {
  return time ? timestampMs(time) : 0;
}

async function run(signal: AbortSignal): Promise<void> {
  try {
    const ticks = observatory.watch({ intervalMs: 1000, withLogs: wantsLogs }, { signal });
    for await (const tick of ticks) {
      if (signal.aborted) return;
      take(tick);
    }
    lose("The store ended the stream.", signal);
  } catch (error) {
    const failure = ConnectError.from(error);
    lose(failure.code === Code.ResourceExhausted ? failure.rawMessage : "The store cannot be reached.", signal);
  }
}

/** Waits longer after each failure, up to 15 s, and not all tabs equally long. */
function lose(reason: string, signal: AbortSignal): void {
  if (signal.aborted) return;
  const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** failures) * (0.5 + Math.random() / 2);
  failures++;
  retryTimer = setTimeout(open, wait);
  update({ connection: { kind: "lost", reason, retryAt: Date.now() + wait } });
}

function open(): void {
  close();
  stream = new AbortController();
  void run(stream.signal);
}

function close(): void {
  clearTimeout(retryTimer);
  stream?.abort();
  stream = undefined;
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
  if (watched.connection.kind === "lost") open();
});

/** The part of what the stream tells that `select` picks; renders again only when that part changes. */
export function useWatched<T>(select: (all: Watched) => T): T {
  return useSyncExternalStore(subscribe, () => select(watched));
}

/** The store's present, in milliseconds since 1970. */
export function storeNow(): number {
  return Date.now() + clockOffset;
}

/** Holds everything still, or lets it go on. */
export function setPaused(isPaused: boolean): void {
  update({ isPaused });
}

/** Asks the stream for log records from now on, until the returned function is called. */
export function wantLogs(): () => void {
  wantsLogs = true;
  if (listeners.size > 0) open();
  return () => {
    wantsLogs = false;
    update({ logs: [] });
    if (listeners.size > 0) open();
  };
}
