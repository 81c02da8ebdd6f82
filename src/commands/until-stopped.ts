/** npm passes on its own copy of Ctrl-C, so the same wish comes twice within moments. */
const sameWishMs = 1_500;

/**
 * Resolves at the first SIGINT or SIGTERM, or when the terminal is closed (SIGHUP). A second one, later, ends the process at once.
 */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt > sameWishMs) {
        process.exit(130);
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  });
}

/** What is still open after a stop may hold the process so long, in milliseconds. */
const graceMs = 500;

/**
 * Ends the process although something holds it: to be called when all that a stop has to do is done. A client of a
 * broker or a store that was opening a connection while it was closed keeps it open, and nobody would ever close it.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), graceMs).unref();
}
