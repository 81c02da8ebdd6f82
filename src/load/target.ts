import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "./failure.ts";
import { HttpClient, UnansweredError } from "./http-client.ts";

const pollMs = 250;
const askMs = 2_000;

/**
 * Waits until somebody answers at the target, whatever the answer is.
 *
 * @param options.withinMs how long it is tried; infinity for as long as it takes
 * @param options.onAway told once that nobody answers yet
 * @returns why nobody answers, when that did not change in time or the signal came first
 */
export async function untilThere(
  target: URL,
  options: { readonly withinMs: number; readonly signal: AbortSignal; readonly onAway: (why: Failure) => void },
): Promise<Failure | undefined> {
  const client = new HttpClient(target, { timeoutMs: askMs });
  const until = performance.now() + options.withinMs;
  let isTold = false;
  try {
    for (;;) {
      const failure = await ask(client);
      if (failure === undefined) return undefined;
      if (options.signal.aborted || performance.now() + pollMs > until) return failure;
      if (!isTold) options.onAway(failure);
      isTold = true;
      await sleep(pollMs, undefined, { signal: options.signal }).catch(() => {});
    }
  } finally {
    client.close();
  }
}

async function ask(client: HttpClient): Promise<Failure | undefined> {
  try {
    await client.send({ method: "GET", path: "/", headers: { baggage: "synthetic_request=true" } });
    return undefined;
  } catch (error) {
    if (error instanceof UnansweredError) return error.failure;
    throw error;
  }
}
