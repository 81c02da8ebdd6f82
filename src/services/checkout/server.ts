import { fromBinary } from "@bufbuild/protobuf";
import { context as activeContext, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../../../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { EmailService, SendOrderConfirmationRequestSchema } from "../../../gen/oteldemo/email_pb.ts";
import { PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { text } from "../../platform/config/environment.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { type DeliveryOutcome, OutboxRelay } from "../../platform/sql/outbox.ts";
import { isStoreUnavailable } from "../../platform/sql/store-unavailable.ts";
import { observeOutbox } from "../../platform/telemetry/outbox-metrics.ts";
import { checkoutFaults } from "./faults.ts";
import { checkoutHandlers } from "./handlers.ts";
import { orderObserver } from "./order-observer.ts";
import { orderPricer } from "./price-order.ts";
import { ProcessLock } from "./process-lock.ts";
import { recoveryWorker } from "./recovery.ts";
import { Saga } from "./saga.ts";
import { confirmationsTopic, orderMigrations, postgresOrderStore } from "./store-postgres.ts";

/** Attempts at a confirmation before it is given up: with doubling waits, about an hour. */
const confirmationAttempts = 15;

export async function start(context: ServiceContext): Promise<RunningService> {
  const { log, environment } = context;
  const topic = text(environment, "KAFKA_TOPIC") ?? "orders";
  const database = await context.database({ migrations: orderMigrations, poolSize: 12 });
  const events = await context.events();
  const lock = new ProcessLock(database.sql, log);
  await lock.hold();
  const store = postgresOrderStore({ database, owner: lock.number, topic });

  const cart = context.client(CartService, { timeoutMs: 3_000 });
  const shipping = context.client(ShippingService, { timeoutMs: 3_000 });
  const faults = checkoutFaults(context);
  const payment = faults.payment(context.client(PaymentService));
  // Nobody waits for it but a stop.
  const email = context.client(EmailService, { timeoutMs: 3_000 });

  const eventRelay = new OutboxRelay({
    sql: database.sql,
    topic,
    log,
    async deliver(entries) {
      try {
        await events.publish(entries);
        await faults.afterPublish(entries, (copies) => events.publish(copies));
        return entries.map(() => ({ delivered: true }));
      } catch (error) {
        // Says nothing about these entries: they wait with all others, and none is put off.
        if (isStoreUnavailable(error)) throw error;
        return entries.map(() => ({ delivered: false, error }));
      }
    },
  });
  const confirmationRelay = new OutboxRelay({
    sql: database.sql,
    topic: confirmationsTopic,
    log,
    batchSize: 20,
    maxAttempts: confirmationAttempts,
    maxBackoffMs: 10 * 60_000,
    deliver: (entries) =>
      Promise.all(
        entries.map(async ({ key, value, headers }): Promise<DeliveryOutcome> => {
          try {
            // The mail belongs to the trace of its order.
            await activeContext.with(propagation.extract(ROOT_CONTEXT, headers), () =>
              email.sendOrderConfirmation(fromBinary(SendOrderConfirmationRequestSchema, value), {
                headers: { ...headers, [idempotencyKeyHeader]: key },
              }),
            );
            return { delivered: true };
          } catch (error) {
            return { delivered: false, error };
          }
        }),
      ),
  });

  const observer = orderObserver(context);
  const saga = new Saga({
    store,
    observer,
    cart,
    payment,
    shipping,
    log,
    onPlaced() {
      eventRelay.wake();
      confirmationRelay.wake();
    },
    onRefunding: () => recovery.wake(),
  });
  const recovery = recoveryWorker({ store, saga, lock, observer, log });
  const price = orderPricer({
    cart,
    shipping,
    catalog: context.client(ProductCatalogService, { timeoutMs: 3_000 }),
    currency: context.client(CurrencyService, { timeoutMs: 3_000 }),
  });
  const handlers = checkoutHandlers({ store, price, saga, observer, secret: context.secret });
  observeOutbox(database, context.telemetry, [topic, confirmationsTopic]);
  return {
    routes: [route(CheckoutService, handlers)],
    workers: [{ start() {}, stop: handlers.settle }, eventRelay, confirmationRelay, recovery, faults.locking(database)],
    isReady: () => store.isReachable(),
    stop: () => lock.release(),
  };
}
