import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchRequest, WatchResponseSchema } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { WakeSignal } from "../platform/lifecycle/wake-signal.ts";
import type { Logger } from "../platform/logging/logger.ts";
import { timestamp } from "./store/questions/asking.ts";
import type { StoreClient } from "./store/store-client.ts";
import type { Cursor, Tick } from "./store/store-queries.ts";

type Response = MessageInitShape<typeof WatchResponseSchema>;

const tickMs = 500;
const defaultIntervalMs = 1_000;
/** What waits for a slow reader; the oldest is left out first. */
const maxRecords = 500;
const maxTraces = 20;
const maxAlerts = 100;

/** Tells pages what is new: one timer for all of them, none when nobody watches. */
export class Watchers {
  readonly #store: StoreClient;
  readonly #log: Logger;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #cursor: Cursor | undefined;

  constructor(store: StoreClient, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  async *watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Response> {
    const watcher = new Watcher(request);
    const leave = () => watcher.end();
    signal.addEventListener("abort", leave, { once: true });
    this.#watchers.add(watcher);
    this.#timer ??= setTimeout(() => void this.#tick(), 0);
    try {
      while (!signal.aborted) {
        const response = await watcher.next();
        if (response === undefined) return;
        yield response;
      }
    } finally {
      signal.removeEventListener("abort", leave);
      this.#watchers.delete(watcher);
    }
  }

  /** Ends all streams. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const watcher of this.#watchers) watcher.end();
  }

  async #tick(): Promise<void> {
    const begun = performance.now();
    try {
      const tick = await this.#store.ask("tick", this.#cursor);
      this.#cursor = tick.cursor;
      for (const watcher of this.#watchers) watcher.take(tick);
    } catch (error) {
      this.#log.warn({ error }, "Could not tell watchers what is new");
    }
    if (this.#watchers.size === 0) {
      this.#timer = undefined;
      this.#cursor = undefined;
      return;
    }
    this.#timer = setTimeout(() => void this.#tick(), Math.max(50, tickMs - (performance.now() - begun)));
  }
}

/** One stream: gathers what is new until its reader wants it and its interval is over. */
class Watcher {
  readonly #request: WatchRequest;
  readonly #woken = new WakeSignal();
  #latest: Tick | undefined;
  #logs: Tick["logs"] = [];
  #traces: Tick["traces"] = [];
  #alerts: Tick["alerts"] = [];
  #nextAt = 0;
  #isEnded = false;

  constructor(request: WatchRequest) {
    this.#request = request;
  }

  take(tick: Tick): void {
    const { withLogs, minSeverityNumber } = this.#request;
    this.#latest = tick;
    if (withLogs) {
      const wanted = tick.logs.filter(({ severityNumber }) => (severityNumber ?? 0) >= minSeverityNumber);
      this.#logs = [...this.#logs, ...wanted].slice(-maxRecords);
    }
    // A trace whose spans still come in is told again, with all of them.
    const newer = new Set(tick.traces.map(({ traceId }) => traceId));
    this.#traces = [...tick.traces, ...this.#traces.filter(({ traceId }) => !newer.has(traceId))].slice(0, maxTraces);
    this.#alerts = [...this.#alerts, ...tick.alerts].slice(-maxAlerts);
    this.#woken.wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#woken.wake();
  }

  /** The next response, or undefined at the end. */
  async next(): Promise<Response | undefined> {
    while (!this.#isEnded) {
      const latest = this.#latest;
      // Ticks come every half second: an interval is met by the tick nearest to it.
      if (latest !== undefined && performance.now() >= this.#nextAt - tickMs / 2) {
        this.#nextAt = performance.now() + (this.#request.intervalMs || defaultIntervalMs);
        const response: Response = {
          time: timestamp(BigInt(Date.now()) * 1_000_000n),
          map: latest.map,
          store: latest.store,
          logs: [...this.#logs],
          traces: [...this.#traces],
          alerts: [...this.#alerts],
        };
        this.#latest = undefined;
        this.#logs = [];
        this.#traces = [];
        this.#alerts = [];
        return response;
      }
      await this.#woken.wait(60_000);
    }
    return undefined;
  }
}
