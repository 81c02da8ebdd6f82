import { setTimeout as sleep } from "node:timers/promises";
import { rpcError } from "../platform/rpc/errors.ts";
import { scenarioErrors } from "./errors.ts";
import type { LoadSwitch, WantedLoad } from "./run/live-shop.ts";

/** A browser may have to be unpacked and started first. */
const timeoutMs = 30_000;
/** It starts a little after the shop. */
const patienceMs = 20_000;
const pauseMs = 200;

async function patiently(send: () => Promise<Response>): Promise<Response> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await sleep(pauseMs);
  }
}

/**
 * The load generator, by its control API.
 *
 * @param origin `http://localhost:8089`
 */
export function loadSwitch(origin: string): LoadSwitch {
  let before: WantedLoad | undefined;
  async function ask(method: string, path: string, body?: object) {
    const url = `${origin}/api/v1/${path}`;
    const send = () =>
      fetch(url, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    const response = await patiently(send).catch((cause: unknown) => {
      throw rpcError(scenarioErrors.LOAD_MISSING, `The load generator at ${origin} cannot be reached.`, { cause });
    });
    if (response.ok) return (await response.json()) as { readonly settings: WantedLoad };
    throw rpcError(scenarioErrors.LOAD_MISSING, `The load generator at ${origin} refuses: ${await response.text()}`);
  }
  return {
    async start(load, seed) {
      before ??= (await ask("GET", "status")).settings;
      await ask("POST", "start", { ...load, seed });
    },
    async restore() {
      if (before === undefined) return;
      const { users, browserUsers, ratePerSecond } = before;
      before = undefined;
      await ask("POST", "start", { users, browserUsers, ratePerSecond });
    },
  };
}
