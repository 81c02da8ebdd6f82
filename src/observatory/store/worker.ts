import { setTimeout } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { saturations } from "../objectives/saturations.ts";
import { shopObjectives } from "../objectives/shop-objectives.ts";
import { systemShape } from "../system-shape.ts";
import { DiskRoom } from "./disk-room.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { Refusal } from "./refusal.ts";
import { type StoreQueries, storeQueries } from "./store-queries.ts";
import { type StoreOptions, TelemetryStore } from "./telemetry-store.ts";

const commitEveryMs = 200;
const evaluateEveryMs = 5_000;
const reopenEveryMs = 2_000;

const port = parentPort;
if (port === null) throw new Error("The store runs in a thread of its own");
const settings = workerData as WorkerSettings;
const options: StoreOptions = {
  path: settings.path,
  memoryMb: settings.memoryMb,
  maxSpans: settings.maxSpans,
  queryTimeoutMs: settings.queryTimeoutMs,
  objectives: shopObjectives,
  saturations,
  timeScale: settings.timeScale,
  shape: systemShape(settings.declarations),
  now: Date.now,
  ...(settings.path === undefined
    ? {}
    : { room: new DiskRoom(settings.path, (line) => port.postMessage({ kind: "told", line } satisfies FromWorker)) }),
};
let store = await TelemetryStore.open(options);
let queries = storeQueries(store);
/** Under way while the database is being opened again. */
let reopening: Promise<void> | undefined;
const send = (message: FromWorker) => port.postMessage(message);

let taken = 0;
let isStopping = false;
let isJudging = false;
const timers = [
  setInterval(commit, commitEveryMs),
  setInterval(() => void evaluate(), evaluateEveryMs / settings.timeScale),
];

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "telemetry":
      try {
        store.accept(message.signal, message.request);
      } catch {
        // Whatever it was that the checks let through: the next request is another one.
        store.drops.count(message.signal, "malformed request");
      }
      if (taken === 0) setImmediate(reportTaken);
      taken += message.request.byteLength;
      break;
    case "dropped":
      store.drops.count(message.signal, message.reason, message.count);
      break;
    case "ask":
      void answer(message);
      break;
    case "stop":
      isStopping = true;
      for (const timer of timers) clearInterval(timer);
      void close().finally(() => port.close());
      break;
  }
});
send({ kind: "ready", notice: store.notice });

function reportTaken(): void {
  send({ kind: "taken", bytes: taken });
  taken = 0;
}

function commit(): void {
  store.commit();
  if (store.isInvalidated) reopening ??= reopen();
}

/** The store's questions, asked of a database that is there. */
async function answering(): Promise<StoreQueries> {
  if (store.isInvalidated) reopening ??= reopen();
  await reopening;
  if (store.isInvalidated) throw new Error("There is no room on the disk of the telemetry store.");
  return queries;
}

/** Opens the database again that DuckDB has given up; as long as that cannot be done, telemetry is dropped and counted. */
async function reopen(): Promise<void> {
  try {
    await store.abandon();
    store = await TelemetryStore.open(options, store.drops);
    queries = storeQueries(store);
  } catch {
    await setTimeout(reopenEveryMs);
  } finally {
    reopening = undefined;
  }
}

async function close(): Promise<void> {
  await reopening;
  await store.close();
}

/** One after the other: a store that is slow at the moment has enough to do. */
async function evaluate(): Promise<void> {
  if (isStopping || isJudging || store.isInvalidated) return;
  isJudging = true;
  try {
    await store.judge();
  } catch {
    // The next time will tell; what the database lacks shows in the status.
  } finally {
    isJudging = false;
  }
}

async function answer({ id, query, args }: Extract<ToWorker, { kind: "ask" }>): Promise<void> {
  try {
    const ask = (await answering())[query] as (...args: readonly unknown[]) => Promise<unknown>;
    send({ kind: "answer", id, value: await ask(...args) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ kind: "failure", id, message, isRefusal: error instanceof Refusal });
  }
}
