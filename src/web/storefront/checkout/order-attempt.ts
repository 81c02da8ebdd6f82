import type { Failure } from "../api.ts";
import type { CartLine, OrderRequest } from "../model.ts";

/** A try to buy that may still become an order: what was sent, and the key under which it is charged at most once. */
export type OrderAttempt = { readonly content: string; readonly key: string };

/** Everything that makes two tries the same purchase. Held in memory only, for it has the card in it. */
export function contentOf(order: OrderRequest, lines: readonly CartLine[]): string {
  return JSON.stringify([order, lines.map(({ productId, quantity }) => [productId, quantity])]);
}

/** The attempt to send: the open one when nothing was edited since, else a new one. */
export function nextAttempt(open: OrderAttempt | undefined, content: string, newKey: () => string): OrderAttempt {
  return open?.content === content ? open : { content, key: newKey() };
}

/** Statuses below 500 that say nothing about the order: request timeout, too many requests, caller gone. */
const undecided = [408, 429, 499];

/**
 * Whether a failure is the end of its attempt: the shop has decided, nothing was bought, and the next try is a new one.
 * After any other failure the order may exist, so the next try must carry the same key.
 */
export function settles(failure: Failure): boolean {
  if (failure.kind !== "refused") return false;
  if (failure.status >= 500 || undecided.includes(failure.status)) return false;
  return failure.reason !== "" && failure.reason !== "ORDER_IN_PROGRESS";
}
