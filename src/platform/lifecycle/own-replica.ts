import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../logging/logger.ts";
import type { ServiceAddress, ServiceChild } from "./own-process.ts";

const longestBackoffMs = 10_000;
/** A process that has lived so long, in milliseconds, is waited for as at first when it ends. */
const provenMs = 60_000;

export interface OwnReplicaOptions {
  readonly name: string;
  readonly start: () => Promise<ServiceChild>;
  /** Told when it answers from now on, or does not any more. */
  readonly changed: () => Promise<void>;
  readonly log: Logger;
  readonly backoffMs: number;
}

/** One process of a service, which is started again when it ends by itself. */
export class OwnReplica {
  /** Resolves when it serves for the first time, or is ended. */
  readonly serving: Promise<void>;
  readonly #options: OwnReplicaOptions;
  readonly #ending = new AbortController();
  readonly #over: Promise<undefined>;
  readonly #loop: Promise<void>;
  #child: ServiceChild | undefined;
  #address: ServiceAddress | undefined;
  #replacing: Promise<void> = Promise.resolve();
  #isServing: () => void = () => {};

  constructor(options: OwnReplicaOptions) {
    this.#options = options;
    const { signal } = this.#ending;
    this.#over = new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
    this.serving = Promise.race([
      this.#over,
      new Promise<void>((resolve) => {
        this.#isServing = resolve;
      }),
    ]);
    this.#loop = this.#keepUp();
  }

  /** Where it answers; undefined while it does not. */
  get address(): ServiceAddress | undefined {
    return this.#ending.signal.aborted ? undefined : this.#address;
  }

  /**
   * Puts a new process in its place, which answers before the old one goes.
   *
   * @throws when the new one ends before it serves; the old one stays then
   */
  replace(): Promise<void> {
    this.#replacing = this.#replace();
    return this.#replacing;
  }

  /** Lets it finish what is under way; resolves when it is gone. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#replacing.catch(() => {});
    await this.#loop;
    await this.#child?.end();
  }

  async #replace(): Promise<void> {
    const fresh = await this.#options.start();
    const failed = fresh.ended.then((reason) => {
      throw new Error(`The new process of ${this.#options.name} ended before it served: ${reason}`);
    });
    failed.catch(() => {});
    const address = await Promise.race([fresh.serving, failed, this.#over]);
    if (address === undefined) return fresh.end();
    const old = this.#child;
    this.#child = fresh;
    await this.#answerAt(address);
    await old?.end();
  }

  async #keepUp(): Promise<void> {
    const { name, start, log, backoffMs } = this.#options;
    const { signal } = this.#ending;
    let failures = 0;
    while (!signal.aborted) {
      const begun = performance.now();
      const child = this.#child ?? (await start().catch(notStarted));
      if (this.#child !== undefined && this.#child !== child) {
        // Another has taken its place while it was started.
        await child.end();
        continue;
      }
      this.#child = child;
      const gone = Promise.race([child.ended, this.#over]);
      const address = await Promise.race([child.serving, gone.then(() => undefined)]);
      if (address !== undefined) {
        if (address !== this.#address && !signal.aborted) await this.#answerAt(address);
        await gone;
      }
      // Ended by whoever replaced it.
      if (this.#child !== child) continue;
      if (signal.aborted) return;
      const reason = await child.ended;
      this.#child = undefined;
      if (this.#address !== undefined) await this.#answerAt(undefined);
      failures = performance.now() - begun > provenMs ? 1 : failures + 1;
      const pauseMs = Math.min(backoffMs * 2 ** (failures - 1), longestBackoffMs);
      log.error({ reason, pauseMs }, `The process of ${name} ended; it is started again`);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  async #answerAt(address: ServiceAddress | undefined): Promise<void> {
    this.#address = address;
    await this.#options.changed();
    if (address !== undefined) this.#isServing();
  }
}

/** What keeps it from being started, its database being away say, may pass. */
function notStarted(error: unknown): ServiceChild {
  return {
    serving: new Promise(() => {}),
    ended: Promise.resolve(error instanceof Error ? error.message : String(error)),
    async end() {},
  };
}
