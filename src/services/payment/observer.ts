import { trace } from "@opentelemetry/api";
import { attribute, event, metric } from "../../../gen/telemetry/registry.ts";
import type { Money } from "../../domain/money.ts";
import type { ServiceContext } from "../../platform/lifecycle/service.ts";
import type { ChargeOutcome } from "./ledger.ts";

/** Tells of charges and refunds in metrics, logs and the span of the call. Neither card nor key is ever told. */
export function paymentObserver({ log, telemetry: { meter } }: Pick<ServiceContext, "log" | "telemetry">) {
  const transactions = meter.createCounter(metric.demoPaymentTransactions.name, metric.demoPaymentTransactions);
  const declines = meter.createCounter(metric.demoPaymentDeclines.name, metric.demoPaymentDeclines);
  const refunds = meter.createCounter(metric.demoPaymentRefunds.name, metric.demoPaymentRefunds);

  return {
    /** @param isNew false for the answer to a repeated call, which moves no money */
    charge(outcome: ChargeOutcome, amount: Money, isNew: boolean): void {
      const money = {
        [attribute.demoPaymentAmount]: decimal(amount),
        [attribute.demoPaymentCurrency]: amount.currency,
      };
      if (outcome.kind === "declined") {
        const about = { ...money, [attribute.demoPaymentDeclineReason]: outcome.reason };
        trace.getActiveSpan()?.setAttributes({ ...about, [attribute.demoPaymentCardValid]: false });
        if (!isNew) return;
        declines.add(1, { [attribute.demoPaymentDeclineReason]: outcome.reason });
        log.info({ event: event.paymentDeclined, ...about }, "Card declined");
        return;
      }
      const about = {
        ...money,
        [attribute.demoPaymentTransactionId]: outcome.transactionId,
        [attribute.demoPaymentCardType]: outcome.cardBrand,
      };
      trace.getActiveSpan()?.setAttributes({
        ...about,
        [attribute.demoPaymentCardValid]: true,
        [attribute.demoPaymentCharged]: isNew,
      });
      if (!isNew) return;
      transactions.add(1, { [attribute.demoPaymentCurrency]: amount.currency });
      log.info({ event: event.paymentCharged, ...about }, "Card charged");
    },
    refund(amount: Money): void {
      refunds.add(1, { [attribute.demoPaymentCurrency]: amount.currency });
      const about = {
        [attribute.demoPaymentAmount]: decimal(amount),
        [attribute.demoPaymentCurrency]: amount.currency,
      };
      log.info({ event: event.paymentRefunded, ...about }, "Charge given back");
    },
  };
}

function decimal({ nanos }: Money): string {
  const digits = nanos.toString().padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
