import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { useSyncExternalStore } from "react";
import type {
  GetMapResponse,
  LogRecord,
  StoreStatus,
  WatchResponse,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { TabStream } from "../../shared/tab-stream.ts";
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

const stream = new TabStream<WatchResponse>({
  open: (signal) => observatory.watch({ intervalMs: 1000, withLogs: wantsLogs }, { signal }),
  take,
  lost: (failure, retryAt) => update({ connection: { kind: "lost", reason: reasonOf(failure), retryAt } }),
  longestRetryMs: 15_000,
});

function update(change: Partial<Watched>): void {
  watched = { ...watched, ...change };
  stream.changed();
}

function take(tick: WatchResponse): void {
  if (tick.time) clockOffset = timestampMs(tick.time) - Date.now();
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

function reasonOf(failure: ConnectError | undefined): string {
  if (failure === undefined) return "The store ended the stream.";
  return failure.code === Code.ResourceExhausted ? failure.rawMessage : "The store cannot be reached.";
}

/** The part of what the stream tells that `select` picks; renders again only when that part changes. */
export function useWatched<T>(select: (all: Watched) => T): T {
  return useSyncExternalStore(stream.subscribe, () => select(watched));
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
  stream.restart();
  return () => {
    wantsLogs = false;
    update({ logs: [] });
    stream.restart();
  };
}
