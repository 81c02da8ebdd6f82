import { trace } from "@opentelemetry/api";
import { attribute, event as logEvent, metric } from "../../../gen/telemetry/registry.ts";
import { text } from "../../platform/config/environment.ts";
import { consumerWorker } from "../../platform/events/consumer-worker.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { bookMigrations, bookOrder, orderOf } from "./books.ts";
import { accountingFaults } from "./faults.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment, telemetry } = context;
  const { demoAccountingOrders: booked } = metric;
  const orders = telemetry.meter.createCounter(booked.name, booked);
  const database = await context.database({ migrations: bookMigrations, poolSize: 4 });
  const events = await context.events();
  const faults = accountingFaults(context);
  const consumer = consumerWorker(events, {
    group: "accounting",
    topic: text(environment, "KAFKA_TOPIC") ?? "orders",
    async handler(event) {
      await faults.beforeOrder();
      const order = orderOf(event);
      const isNew = await bookOrder(database, order);
      trace.getActiveSpan()?.setAttribute(attribute.demoEventDuplicate, !isNew);
      const about = { [attribute.demoOrderId]: order.orderId };
      if (isNew) {
        orders.add(1);
        log.info({ event: logEvent.accountingOrderBooked, ...about }, "Order booked");
      } else log.info({ event: logEvent.accountingOrderDuplicateSkipped, ...about }, "Order was booked already");
    },
  });
  return {
    workers: [faults.worker, consumer],
    isReady: async () => consumer.isConnected() && (await database.isReachable()),
  };
}
