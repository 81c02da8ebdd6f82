import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 25;

/** Repeats a check until it passes; after `withinMs` milliseconds it fails as the check does. */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = 10_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await sleep(pollMs);
  }
}
