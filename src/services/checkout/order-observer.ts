import { trace } from "@opentelemetry/api";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import type { Money } from "../../domain/money.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import { durationBuckets } from "../../platform/telemetry/buckets.ts";
import type { ChargeReceipt, Failure, PricedOrder, StoredOrder } from "./order.ts";

export type OrderObserver = ReturnType<typeof orderObserver>;

/** Tells how orders fare in metrics, logs and the span of the call; never who ordered, or where it goes. */
export function orderObserver({ log, telemetry: { meter } }: Pick<ServiceContext, "log" | "telemetry">) {
  const placed = meter.createCounter(metric.demoOrderPlaced.name, metric.demoOrderPlaced);
  const revenue = meter.createCounter(metric.demoOrderRevenue.name, metric.demoOrderRevenue);
  const failed = meter.createCounter(metric.demoOrderFailed.name, metric.demoOrderFailed);
  const recovered = meter.createCounter(metric.demoOrderRecovered.name, metric.demoOrderRecovered);
  const duration = meter.createHistogram(metric.demoOrderDuration.name, {
    ...metric.demoOrderDuration,
    advice: { explicitBucketBoundaries: durationBuckets },
  });

  return {
    prepared(order: PricedOrder): void {
      trace
        .getActiveSpan()
        ?.setAttributes({ ...aboutOrder(order), [attribute.demoUserContextSelectedCurrency]: order.total.currency });
      log.info({ event: event.orderPrepared, ...aboutOrder(order) }, "Order priced");
    },
    charged({ orderId }: PricedOrder, { transactionId }: ChargeReceipt): void {
      const about = { [attribute.demoOrderId]: orderId, [attribute.demoPaymentTransactionId]: transactionId };
      trace.getActiveSpan()?.setAttributes(about);
      log.info({ event: event.orderCharged, ...about }, "Order paid");
    },
    shipped({ orderId }: PricedOrder, trackingId: string): void {
      const about = { [attribute.demoOrderId]: orderId, [attribute.demoShippingTrackingId]: trackingId };
      trace.getActiveSpan()?.setAttributes(about);
      log.info({ event: event.orderShipped, ...about }, "Order shipped");
    },
    placed(order: PricedOrder): void {
      const currency = { [attribute.demoOrderCurrency]: order.total.currency };
      placed.add(1, currency);
      revenue.add(units(order.total), currency);
      trace.getActiveSpan()?.setAttribute(attribute.demoOrderOutcome, "placed");
      log.info({ event: event.orderPlaced, ...aboutOrder(order) }, "Order placed");
    },
    /** @param seconds from being asked for the order to its being placed */
    took(order: PricedOrder, seconds: number): void {
      duration.record(seconds, { [attribute.demoOrderCurrency]: order.total.currency });
    },
    declined({ orderId }: PricedOrder, { reason }: Failure): void {
      const about = { [attribute.demoOrderId]: orderId, [attribute.demoOrderFailureReason]: reason };
      failed.add(1, { [attribute.demoOrderFailureReason]: reason });
      trace.getActiveSpan()?.setAttributes({ ...about, [attribute.demoOrderOutcome]: "failed" });
      log.info({ event: event.orderDeclined, ...about }, "The card of an order was declined");
    },
    refunding({ orderId }: PricedOrder, { reason }: Failure, error: unknown): void {
      const about = { [attribute.demoOrderId]: orderId, [attribute.demoOrderFailureReason]: reason };
      failed.add(1, { [attribute.demoOrderFailureReason]: reason });
      trace.getActiveSpan()?.setAttributes({ ...about, [attribute.demoOrderOutcome]: "failed" });
      log.warn({ event: event.orderRefunding, ...about, error }, "An order is given up and refunded");
    },
    recovered({ orderId, state }: StoredOrder, outcome: string): void {
      const about = { [attribute.demoOrderState]: state, [attribute.demoOrderOutcome]: outcome };
      recovered.add(1, about);
      log.info({ event: event.orderRecovered, [attribute.demoOrderId]: orderId, ...about }, "An order was moved on");
    },
  };
}

function aboutOrder({ orderId, total, result }: PricedOrder) {
  return {
    [attribute.demoOrderId]: orderId,
    [attribute.demoOrderAmount]: units(total),
    [attribute.demoOrderCurrency]: total.currency,
    [attribute.demoOrderItemsCount]: result.items.length,
  };
}

/** For people and charts: the nearest number of units. */
function units({ nanos }: Money): number {
  return Number(nanos) / 1e9;
}
