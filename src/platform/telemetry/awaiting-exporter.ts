import { type ExportResult, ExportResultCode } from "@opentelemetry/core";

/** What exporters of spans and of records have in common. */
interface Exporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** UNAVAILABLE of gRPC: nobody took it. */
const unavailable = 14;
const pauseMs = 1_000;

/**
 * An exporter over gRPC that waits for its backend to come up: services may start before the Collector, and what they
 * say of their start would be lost, for OpenTelemetry's exporter makes one attempt. Until the backend has taken
 * something, each batch is offered again for as long as an export may take; who goes away later loses what is sent
 * meanwhile, for keeping it in every service costs memory.
 */
export class AwaitingExporter<T> implements Exporter<T> {
  readonly #exporter: Exporter<T>;
  readonly #withinMs: number;
  /** Whether to wait: not once the backend was there, nor when this is to end. */
  #isWaiting = true;
  readonly #paused = new Map<NodeJS.Timeout, () => void>();

  constructor(exporter: Exporter<T>, withinMs: number) {
    this.#exporter = exporter;
    this.#withinMs = withinMs;
  }

  export(items: T[], done: (result: ExportResult) => void): void {
    const until = performance.now() + this.#withinMs;
    const attempt = () =>
      this.#exporter.export(items, (result) => {
        if (result.code === ExportResultCode.SUCCESS) this.#isWaiting = false;
        const isAway = result.error !== undefined && "code" in result.error && result.error.code === unavailable;
        if (!this.#isWaiting || !isAway || performance.now() + pauseMs > until) done(result);
        else this.#pause(attempt);
      });
    attempt();
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.stopWaiting();
    return this.#exporter.shutdown();
  }

  /** Offers what waits a last time, and from now on everything once: whoever ends has no time for a backend that is away. */
  stopWaiting(): void {
    this.#isWaiting = false;
    for (const [timer, attempt] of this.#paused) {
      clearTimeout(timer);
      attempt();
    }
    this.#paused.clear();
  }

  #pause(attempt: () => void): void {
    const timer = setTimeout(() => {
      this.#paused.delete(timer);
      attempt();
    }, pauseMs);
    this.#paused.set(timer, attempt);
  }
}
