import type { Worker } from "../lifecycle/service.ts";
import type { ConsumeOptions, Consumer, EventLog } from "./event-log.ts";

/** A consumer that starts and stops with its service. */
export function consumerWorker(events: EventLog, options: ConsumeOptions): Worker & { isConnected(): boolean } {
  let consumer: Consumer | undefined;
  return {
    start() {
      consumer ??= events.consume(options);
    },
    isConnected: () => consumer?.isConnected() ?? false,
    async stop() {
      await consumer?.stop();
    },
  };
}
