import type { HttpResponse } from "../rpc/rpc-handler.ts";

const waiting = Symbol("waiting for its end");

interface WatchedResponse extends HttpResponse {
  [waiting]?: (() => void)[];
}

/**
 * Runs `then` when an answer has been sent, or has broken off; what was asked for last comes first. However many wait, the
 * response has one listener.
 */
export function whenClosed(response: HttpResponse, then: () => void): void {
  const watched: WatchedResponse = response;
  if (watched[waiting] !== undefined) {
    watched[waiting].push(then);
    return;
  }
  watched[waiting] = [then];
  watched.on("close", end);
}

function end(this: WatchedResponse): void {
  for (let then = this[waiting]?.pop(); then !== undefined; then = this[waiting]?.pop()) then();
}
