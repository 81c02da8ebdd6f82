import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../logging/logger.ts";

/** Where a process answers. */
export interface ServiceAddress {
  /** `http://host:port` */
  readonly origin: string;
  /** Of its page for Prometheus, if it has one. */
  readonly scraped?: string | undefined;
}

/** A service that has been started as a process of its own. */
export interface ServiceChild {
  /** Resolves once it serves; never when it ends before. */
  readonly serving: Promise<ServiceAddress>;
  /** Resolves with why when the process is gone, however it went. */
  readonly ended: Promise<string>;
  /** Lets it finish what is under way; resolves when it is gone. */
  end(): Promise<void>;
}

/** A service of this process, which can leave it and come back without failing a call. */
export interface MovableService {
  readonly name: string;
  /** Ends its work beside requests: that must not run in two processes. */
  endWorkers(): Promise<void>;
  /** Has calls answered at an address, or by nobody, and lets go of what answered them here. */
  leave(address: ServiceAddress | undefined): Promise<void>;
  /** Answers calls here, as if newly started. */
  comeBack(): Promise<void>;
  /** Begins its work beside requests anew. */
  startWorkers(): void;
}

export interface OwnProcessOptions {
  readonly service: MovableService;
  /** Whether it is to run in a process of its own now. */
  readonly isWanted: () => boolean;
  readonly start: () => Promise<ServiceChild>;
  readonly log: Logger;
  /** First wait before a process that ended is started again, in milliseconds, doubling. */
  readonly backoffMs?: number;
}

const defaultBackoffMs = 500;
const longestBackoffMs = 10_000;
/** A process that has lived so long, in milliseconds, is waited for as at first when it ends. */
const provenMs = 60_000;

/**
 * Runs a service as a process of its own as long as that is wanted: what a fault does to a whole process, it then does
 * to that service and to no other. A process that ends by itself is started again after a while; meanwhile the service
 * is not there, as it would be in a mesh.
 */
export class OwnProcess {
  readonly #options: OwnProcessOptions;
  readonly #stopping = new AbortController();
  #change = new AbortController();
  #loop: Promise<void> | undefined;
  #isServing = false;

  constructor(options: OwnProcessOptions) {
    this.#options = options;
  }

  /** Whether there is a process of its own that answers. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Looks whether anything has to change. */
  check(): void {
    if (this.#stopping.signal.aborted) return;
    const { isWanted } = this.#options;
    if (this.#loop !== undefined) {
      if (!isWanted()) this.#change.abort();
      return;
    }
    if (!isWanted()) return;
    this.#change = new AbortController();
    this.#loop = this.#beAway().finally(() => {
      this.#loop = undefined;
      // It may have been wanted again while it came back.
      this.check();
    });
  }

  /** Ends the process; the service does not come back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#change.abort();
    await this.#loop;
  }

  /** From the wish for another process to its end. */
  async #beAway(): Promise<void> {
    const { service, start, log, backoffMs = defaultBackoffMs } = this.#options;
    const { signal } = this.#change;
    const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await service.endWorkers();
    let child: ServiceChild | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const begun = performance.now();
      child = await start();
      const gone = Promise.race([child.ended, over]);
      const address = await Promise.race([child.serving, gone.then(() => undefined)]);
      if (address !== undefined) {
        await service.leave(address);
        this.#isServing = true;
        await gone;
      }
      if (signal.aborted) break;
      const reason = await child.ended;
      child = undefined;
      if (this.#isServing) await service.leave(undefined);
      this.#isServing = false;
      failures = performance.now() - begun > provenMs ? 1 : failures + 1;
      const pauseMs = Math.min(backoffMs * 2 ** (failures - 1), longestBackoffMs);
      log.error({ reason, pauseMs }, `The process of ${service.name} ended; it is started again`);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    await this.#comeBack();
    await child?.end();
    if (!this.#stopping.signal.aborted) service.startWorkers();
  }

  /** Whatever keeps it from that, its database being away say, may pass. */
  async #comeBack(): Promise<void> {
    const { service, log, backoffMs = defaultBackoffMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await service.comeBack();
        this.#isServing = false;
        return;
      } catch (error) {
        log.error({ error }, `${service.name} cannot come back yet`);
        await sleep(backoffMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}
