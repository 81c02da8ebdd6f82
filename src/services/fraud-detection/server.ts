import { text } from "../../platform/config/environment.ts";
import { consumerWorker } from "../../platform/events/consumer-worker.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { observeOrder } from "./observe-order.ts";
import { scoreOrder } from "./rules.ts";
import { verdictMigrations, verdictStore } from "./store.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment } = context;
  const store = verdictStore(await context.database({ migrations: verdictMigrations, poolSize: 4 }));
  const events = await context.events();
  const consumer = consumerWorker(events, {
    group: "fraud-detection",
    topic: text(environment, "KAFKA_TOPIC") ?? "orders",
    async handler(event) {
      const order = observeOrder(event);
      const score = await store.judge(order, scoreOrder);
      if (score === undefined) return;
      const { points, verdict, reasons } = score;
      log.info({ orderId: order.orderId, verdict, points, rules: reasons.map(({ rule }) => rule) }, "Order scored");
    },
  });
  return { workers: [consumer], isReady: async () => consumer.isConnected() && (await store.isReachable()) };
}
