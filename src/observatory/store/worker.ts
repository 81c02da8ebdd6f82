import { parentPort, workerData } from "node:worker_threads";
import { saturations } from "../objectives/saturations.ts";
import { shopObjectives } from "../objectives/shop-objectives.ts";
import { systemShape } from "../system-shape.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { Refusal } from "./refusal.ts";
import { storeQueries } from "./store-queries.ts";
import { TelemetryStore } from "./telemetry-store.ts";

const commitEveryMs = 200;
const evaluateEveryMs = 5_000;

const port = parentPort;
if (port === null) throw new Error("The store runs in a thread of its own");
const settings = workerData as WorkerSettings;
const store = await TelemetryStore.open({
  path: settings.path,
  memoryMb: settings.memoryMb,
  maxSpans: settings.maxSpans,
  queryTimeoutMs: settings.queryTimeoutMs,
  objectives: shopObjectives,
  saturations,
  timeScale: settings.timeScale,
  shape: systemShape(settings.declarations),
  now: Date.now,
});
const queries = storeQueries(store);
const send = (message: FromWorker) => port.postMessage(message);

let taken = 0;
let isStopping = false;
let isJudging = false;
const timers = [
  setInterval(() => store.commit(), commitEveryMs),
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
      void store.close().finally(() => port.close());
      break;
  }
});
send({ kind: "ready", notice: store.notice });

function reportTaken(): void {
  send({ kind: "taken", bytes: taken });
  taken = 0;
}

/** One after the other: a store that is slow at the moment has enough to do. */
async function evaluate(): Promise<void> {
  if (isStopping || isJudging) return;
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
    const ask = queries[query] as (...args: readonly unknown[]) => Promise<unknown>;
    send({ kind: "answer", id, value: await ask(...args) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ kind: "failure", id, message, isRefusal: error instanceof Refusal });
  }
}
