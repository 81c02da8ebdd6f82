import { type PeriodicWorker, periodic } from "../../platform/lifecycle/periodic.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { withCall } from "../../platform/rpc/call-context.ts";
import { endWithin } from "./end-within.ts";
import type { OrderObserver } from "./order-observer.ts";
import type { ProcessLock } from "./process-lock.ts";
import type { Saga } from "./saga.ts";
import type { OrderStore } from "./store.ts";

const batchSize = 50;
const everyMs = 1_000;
/** For one order; slow shipping is waited for. */
const recoveryMs = 20_000;

/** Ends the orders that others left half-way, and makes the refunds that are due. */
export function recoveryWorker(options: {
  readonly store: OrderStore;
  readonly saga: Saga;
  readonly lock: ProcessLock;
  readonly observer: OrderObserver;
  readonly log: Logger;
}): PeriodicWorker {
  const { store, saga, lock, observer, log } = options;
  const ending = new AbortController();
  const worker = periodic({
    name: "recover orders",
    everyMs,
    log,
    async work() {
      await lock.hold();
      for (;;) {
        const orders = await store.takeOver(batchSize);
        await Promise.all(
          orders.map(async (order) => {
            try {
              const call = {
                deadline: performance.now() + recoveryMs,
                signal: ending.signal,
                propagated: Object.entries(order.propagated),
              };
              const outcome = await withCall(call, () => saga.recover(order));
              observer.recovered(order, outcome.kind);
            } catch (error) {
              log.warn({ error, orderId: order.orderId, state: order.state }, "An order cannot be moved on yet");
            }
          }),
        );
        if (orders.length < batchSize || ending.signal.aborted) return;
      }
    },
  });
  return {
    start: () => worker.start(),
    wake: () => worker.wake(),
    stop: () => endWithin(worker.stop(), () => ending.abort()),
  };
}
