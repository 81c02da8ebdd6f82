import { Worker } from "node:worker_threads";

/** Computes without end; other threads come first where a thread can say so of itself, which is on Linux. */
const endless = `
  try {
    const thread = require("node:fs").readlinkSync("/proc/thread-self").split("/").at(-1);
    require("node:os").setPriority(Number(thread), 10);
  } catch {}
  for (let sum = 0; ; ) sum = Math.sqrt(sum + Math.random());
`;

/** Threads that keep processors busy. */
export class BusyThreads {
  #threads: readonly Worker[] = [];

  get areBusy(): boolean {
    return this.#threads.length > 0;
  }

  /** Starts so many, unless they run already. */
  begin(count: number): void {
    if (this.areBusy) return;
    this.#threads = Array.from({ length: count }, () => {
      const thread = new Worker(endless, { eval: true });
      thread.unref();
      return thread;
    });
  }

  async end(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
