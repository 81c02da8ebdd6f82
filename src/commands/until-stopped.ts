/** npm passes on its own copy of Ctrl-C, so the same wish comes twice within moments. */
const sameWishMs = 1_500;

/**
 * Resolves at the first SIGINT or SIGTERM. A second one, later, ends the process at once.
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
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
