import { Worker } from "node:worker_threads";
import type { Signal, TelemetrySink } from "../../platform/telemetry/sink.ts";
import { countItems } from "../otlp/count-items.ts";
import type { DropReason } from "./drops.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { Refusal } from "./refusal.ts";
import type { StoreQueries } from "./store-queries.ts";
import type { Taken as StoredTaken } from "./telemetry-store.ts";

/** Bytes handed over that the store has not taken yet; beyond that, telemetry is dropped rather than kept waiting. */
const maxWaitingBytes = 16 * 1024 * 1024;
/** The same for one request. */
export const maxRequestBytes = 16 * 1024 * 1024;

/** After that, what is not stored is given up. */
const stopWithinMs = 5_000;

type Query = keyof StoreQueries;
type Answer<Q extends Query> = Awaited<ReturnType<StoreQueries[Q]>>;

/** What became of a request. */
export type Taken = StoredTaken | { readonly kind: "busy" };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Who is told what becomes of the store. */
export interface StoreObserver {
  /** The thread has failed: telemetry is dropped from now on, and questions fail. */
  onLost(error: unknown): void;
  /** What the operator should know. */
  tell(line: string): void;
}

/** The store in its thread, as the rest of the process sees it. */
export class StoreClient implements TelemetrySink {
  /** What the operator should know of the start. */
  readonly notice: string | undefined;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  readonly #tell: (line: string) => void;
  #nextId = 1;
  #waitingBytes = 0;
  #isGone = false;

  private constructor(worker: Worker, notice: string | undefined, { onLost, tell }: StoreObserver) {
    this.notice = notice;
    this.#tell = tell;
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.once("exit", () => this.#lose(new Error("The telemetry store has stopped")));
    worker.on("error", (error) => {
      onLost(error);
      this.#lose(new Error("The telemetry store has failed", { cause: error }));
    });
  }

  /**
   * Starts the thread and opens the store in it.
   *
   * @throws when the store cannot be opened
   */
  static async start(settings: WorkerSettings, observer: StoreObserver): Promise<StoreClient> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: settings,
      name: "observatory store",
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
    });
    const notice = await new Promise<string | undefined>((resolve, reject) => {
      worker.once("message", (message: FromWorker) => resolve(message.kind === "ready" ? message.notice : undefined));
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("The telemetry store did not start")));
    });
    return new StoreClient(worker, notice, observer);
  }

  accept(signal: Signal, request: Uint8Array): void {
    if (this.#isGone) return;
    if (request.byteLength > maxRequestBytes) {
      this.#send({ kind: "dropped", signal, reason: "request too large", count: 1 });
      return;
    }
    if (this.#waitingBytes + request.byteLength > maxWaitingBytes) {
      this.#send({ kind: "dropped", signal, reason: "store too slow", count: countItems(request) });
      return;
    }
    this.#waitingBytes += request.byteLength;
    // What lies in a larger buffer would take all of it along.
    const own = request.byteLength === request.buffer.byteLength ? request : request.slice();
    this.#send({ kind: "telemetry", signal, request: own });
  }

  /** As {@link StoreClient.accept}, for those who want to know what became of it and can send it again. */
  async take(signal: Signal, request: Uint8Array): Promise<Taken> {
    if (this.#isGone || this.#waitingBytes + request.byteLength > maxWaitingBytes) return { kind: "busy" };
    const { byteLength } = request;
    this.#waitingBytes += byteLength;
    try {
      return await this.ask("take", signal, request);
    } finally {
      this.#waitingBytes -= byteLength;
    }
  }

  countDropped(signal: Signal, reason: DropReason): void {
    this.#send({ kind: "dropped", signal, reason, count: 1 });
  }

  ask<Q extends Query>(query: Q, ...args: Parameters<StoreQueries[Q]>): Promise<Answer<Q>> {
    if (this.#isGone) return Promise.reject(new Error("The telemetry store has stopped"));
    const id = this.#nextId++;
    return new Promise<Answer<Q>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ kind: "ask", id, query, args });
    });
  }

  /** Stores what has come in, and ends the thread. */
  async stop(): Promise<void> {
    if (!this.#isGone) this.#send({ kind: "stop" });
    const patience = setTimeout(() => void this.#worker.terminate(), stopWithinMs);
    await this.#exited;
    clearTimeout(patience);
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        break;
      case "told":
        this.#tell(message.line);
        break;
      case "taken":
        this.#waitingBytes -= message.bytes;
        break;
      case "answer":
        this.#take(message.id)?.resolve(message.value);
        break;
      case "failure":
        this.#take(message.id)?.reject(message.isRefusal ? new Refusal(message.message) : new Error(message.message));
        break;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #lose(error: Error): void {
    this.#isGone = true;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
