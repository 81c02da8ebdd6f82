import { text } from "../../platform/config/environment.ts";
import { consumerWorker } from "../../platform/events/consumer-worker.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { bookMigrations, bookOrder, orderOf } from "./books.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment } = context;
  const database = await context.database({ migrations: bookMigrations, poolSize: 4 });
  const events = await context.events();
  const consumer = consumerWorker(events, {
    group: "accounting",
    topic: text(environment, "KAFKA_TOPIC") ?? "orders",
    async handler(event) {
      const order = orderOf(event);
      const isNew = await bookOrder(database, order);
      log.info({ orderId: order.orderId, duplicate: !isNew }, isNew ? "Order booked" : "Order was booked already");
    },
  });
  return { workers: [consumer], isReady: async () => consumer.isConnected() && (await database.isReachable()) };
}
