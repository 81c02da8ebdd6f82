import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../logging/logger.ts";
import { OwnReplica } from "./own-replica.ts";

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

/**
 * A service of this process, which can leave it and come back without failing a call. Its work beside requests goes on
 * meanwhile: for a moment it is done here and elsewhere, as by replicas.
 */
export interface MovableService {
  readonly name: string;
  /** Has calls answered at addresses in turn, by nobody if there is none, and lets go of what answered them here. */
  leave(addresses: readonly ServiceAddress[]): Promise<void>;
  /** Answers calls here, as if newly started, and lets go of what answered them here before. */
  comeBack(): Promise<void>;
}

export interface OwnProcessOptions {
  readonly service: MovableService;
  /** How many processes of its own it is to have now; none when it is to run here. */
  readonly wanted: () => number;
  readonly start: () => Promise<ServiceChild>;
  readonly log: Logger;
  /** First wait before a process that ended is started again, in milliseconds, doubling. */
  readonly backoffMs?: number;
}

const defaultBackoffMs = 500;

/**
 * Runs a service as processes of its own as long as that is wanted: what a fault does to a whole process, it then does
 * to that service and to no other. A process that ends by itself is started again after a while; without another,
 * the service is not there meanwhile, as it would be in a mesh.
 */
export class OwnProcess {
  readonly #options: OwnProcessOptions;
  readonly #stopping = new AbortController();
  readonly #replicas: OwnReplica[] = [];
  #queue: Promise<void> = Promise.resolve();
  #isAway = false;

  constructor(options: OwnProcessOptions) {
    this.#options = options;
  }

  /** Whether there is a process of its own that answers. */
  get isServing(): boolean {
    return this.#isAway && this.#replicas.some(({ address }) => address !== undefined);
  }

  /** Whether it has no process of its own. */
  get isHere(): boolean {
    return this.#replicas.length === 0;
  }

  /** Looks whether anything has to change. */
  check(): void {
    void this.#enqueue(() => this.#adjust());
  }

  /** Returns when there is what is wanted, and all of it serves. */
  async settled(): Promise<void> {
    await this.#enqueue(() => this.#adjust());
    await Promise.all(this.#replicas.map((replica) => replica.serving));
  }

  /**
   * Starts the service anew wherever it runs, each process of its own after the one before; a process goes when the one
   * that replaces it answers.
   *
   * @returns how many processes of its own were replaced; none when it runs here
   */
  restart(): Promise<number> {
    return this.#enqueue(async () => {
      for (const replica of this.#replicas) await replica.replace();
      if (this.#replicas.length > 0 || this.#stopping.signal.aborted) return this.#replicas.length;
      await this.#comeBack();
      return 0;
    });
  }

  /** Ends the processes; the service does not come back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const ends = this.#replicas.map((replica) => replica.end());
    await this.#queue;
    await Promise.all([...ends, ...this.#replicas.map((replica) => replica.end())]);
  }

  async #adjust(): Promise<void> {
    const { service, wanted, start, log, backoffMs = defaultBackoffMs } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const count = wanted();
      if (count === this.#replicas.length) return;
      if (count > this.#replicas.length) {
        const changed = () => this.#lead();
        this.#replicas.push(new OwnReplica({ name: service.name, start, changed, log, backoffMs }));
        continue;
      }
      if (count === 0) await this.#comeBack();
      const left = this.#replicas.splice(count);
      if (count > 0) await this.#lead();
      await Promise.all(left.map((replica) => replica.end()));
    }
  }

  /** Leads calls to those that answer; until the first does, they are answered here. */
  async #lead(): Promise<void> {
    const addresses = this.#replicas.flatMap(({ address }) => address ?? []);
    if (addresses.length === 0 && !this.#isAway) return;
    this.#isAway = true;
    await this.#options.service.leave(addresses);
  }

  /** Whatever keeps it from that, its database being away say, may pass. */
  async #comeBack(): Promise<void> {
    const { service, log, backoffMs = defaultBackoffMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await service.comeBack();
        this.#isAway = false;
        return;
      } catch (error) {
        log.error({ error }, `${service.name} cannot come back yet`);
        await sleep(backoffMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** One change comes after the other. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.then(
      () => {},
      (error) => this.#options.log.error({ error }, `${this.#options.service.name} cannot be moved`),
    );
    return result;
  }
}
