import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import type { CreditCardInfo, PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import type { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { toMessage } from "../../domain/money.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { errorInfo } from "../../platform/rpc/errors.ts";
import { checkoutErrors } from "./errors.ts";
import type { ChargeReceipt, Failure, StoredOrder } from "./order.ts";
import type { OrderObserver } from "./order-observer.ts";
import type { OrderStore } from "./store.ts";

/** How far an order got. */
export type Outcome =
  | { readonly kind: "placed"; readonly trackingId: string }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Not to be told yet: another process has it, or a step did not answer. Recovery will end it. */
  | { readonly kind: "in-progress" };

export interface SagaOptions {
  readonly store: OrderStore;
  readonly cart: Client<typeof CartService>;
  readonly payment: Pick<Client<typeof PaymentService>, "charge" | "refund">;
  readonly shipping: Client<typeof ShippingService>;
  /** Called when an order has entered the outbox. */
  readonly onPlaced: () => void;
  /** Called when an order waits for its refund. */
  readonly onRefunding: () => void;
  readonly observer: OrderObserver;
  readonly log: Logger;
}

const paymentLost: Failure = {
  reason: checkoutErrors.PAYMENT_UNAVAILABLE.reason,
  message: "The payment did not come through. You have not been charged, or get the money back; please try again.",
};
/** Payment says itself that nothing was charged; it is asked to charge nothing later either. */
const paymentFailed: Failure = {
  reason: checkoutErrors.PAYMENT_FAILED.reason,
  message: "Your card was not charged: the payment failed on our side. Please try again.",
};
const shippingLost: Failure = {
  reason: checkoutErrors.SHIPPING_UNAVAILABLE.reason,
  message: "The order could not be shipped. What was charged is given back; please try again.",
};

/** Answers by which shipping may or may not have shipped. */
const shippingMayHaveShipped: readonly Code[] = [Code.DeadlineExceeded, Code.Canceled];

const cartTimeoutMs = 1_000;

/**
 * The steps that take an order from pending to its end. Each step may be repeated: charging, refunding and shipping
 * carry the order's id as their idempotency key, and the store refuses steps out of order.
 */
export class Saga {
  readonly #options: SagaOptions;

  constructor(options: SagaOptions) {
    this.#options = options;
  }

  /** From pending to an outcome. The card is known only here: nothing stores it, so recovery cannot charge. */
  async begin(order: StoredOrder, card: CreditCardInfo): Promise<Outcome> {
    const { store, payment, observer } = this.#options;
    let receipt: ChargeReceipt;
    try {
      receipt = await payment.charge(
        { amount: toMessage(order.total), creditCard: card },
        { headers: { [idempotencyKeyHeader]: order.orderId }, timeoutMs: 5_000 },
      );
    } catch (error) {
      const decline = declineOf(error) ?? (await this.#declineWithoutReason(order, error));
      if (decline === undefined) {
        return this.#giveBack(order, isChargeFailed(error) ? paymentFailed : paymentLost, error);
      }
      if (!(await store.declined(order.orderId, decline))) return { kind: "in-progress" };
      observer.declined(order, decline);
      return { kind: "failed", failure: decline };
    }
    if (!(await store.charged(order.orderId, receipt))) return { kind: "in-progress" };
    observer.charged(order, receipt);
    return this.#complete({ ...order, state: "charged", receipt });
  }

  /** Moves on an order whose process is gone: what was charged is completed, what may have been is given back. */
  async recover(order: StoredOrder): Promise<Outcome> {
    switch (order.state) {
      case "pending":
        return this.#giveBack(order, paymentLost, undefined);
      case "charged":
        return this.#complete(order);
      case "refunding":
        return this.#refund(order, order.failure ?? paymentLost);
      case "placed":
      case "declined":
      case "refunded":
        return { kind: "in-progress" };
    }
  }

  async #complete(order: StoredOrder): Promise<Outcome> {
    const { store, shipping, onPlaced, observer } = this.#options;
    const { shippingAddress: address, items } = order.result;
    const goods = items.flatMap(({ item }) => item ?? []);
    let trackingId: string;
    try {
      ({ trackingId } = await shipping.shipOrder(address === undefined ? { items: goods } : { address, items: goods }, {
        headers: { [idempotencyKeyHeader]: order.orderId },
        timeoutMs: 12_000,
      }));
    } catch (error) {
      if (error instanceof ConnectError && shippingMayHaveShipped.includes(error.code)) {
        this.#options.log.warn(
          { error, orderId: order.orderId },
          "Shipping did not answer; the order is taken up again",
        );
        return { kind: "in-progress" };
      }
      return this.#giveBack(order, shippingLost, error);
    }
    observer.shipped(order, trackingId);
    if (!(await store.placed(order, trackingId))) return { kind: "in-progress" };
    observer.placed(order);
    onPlaced();
    await this.#takeOutOfCart(order);
    return { kind: "placed", trackingId };
  }

  async #giveBack(order: StoredOrder, failure: Failure, error: unknown): Promise<Outcome> {
    const { store, onRefunding, observer } = this.#options;
    if (!(await store.refunding(order.orderId, failure))) return { kind: "in-progress" };
    observer.refunding(order, failure, error);
    onRefunding();
    return { kind: "failed", failure };
  }

  async #refund(order: StoredOrder, failure: Failure): Promise<Outcome> {
    const { store, payment, log } = this.#options;
    try {
      await payment.refund({ chargeKey: order.orderId, reason: failure.reason });
    } catch (error) {
      if (!isUnimplemented(error)) throw error;
      const { orderId, receipt } = order;
      log.error(
        { orderId, transactionId: receipt?.transactionId },
        "The payment service offers no refunds; what was charged for the order must be given back by hand",
      );
    }
    await store.refunded(order.orderId);
    return { kind: "failed", failure };
  }

  /**
   * The OpenTelemetry Demo's payment declines with UNKNOWN and the reason as text, which is also what an answer that
   * nobody understands looks like. That payment is told by its lack of refunds; any other gives back what it may have
   * charged.
   */
  async #declineWithoutReason(order: StoredOrder, error: unknown): Promise<Failure | undefined> {
    if (!(error instanceof ConnectError) || error.code !== Code.Unknown || errorInfo(error) !== undefined) {
      return undefined;
    }
    try {
      await this.#options.payment.refund({ chargeKey: order.orderId, reason: paymentLost.reason });
    } catch (refundError) {
      if (isUnimplemented(refundError)) {
        return { reason: checkoutErrors.CARD_DECLINED.reason, message: error.rawMessage };
      }
    }
    return undefined;
  }

  /** The order stands whether or not this succeeds. What was put into the cart since the order is left in it. */
  async #takeOutOfCart({ userId, orderId, result }: StoredOrder): Promise<void> {
    const { cart, log } = this.#options;
    const ordered = new Map(result.items.map(({ item }) => [item?.productId, item?.quantity ?? 0]));
    const orderedOf = (productId: string) => ordered.get(productId) ?? 0;
    try {
      const { items } = await cart.getCart({ userId }, { timeoutMs: cartTimeoutMs });
      if (items.length === 0) return;
      if (items.every(({ productId, quantity }) => quantity <= orderedOf(productId))) {
        await cart.emptyCart({ userId }, { timeoutMs: cartTimeoutMs });
        return;
      }
      const bought = items.map(({ productId, quantity }) => ({
        productId,
        quantity: -Math.min(quantity, orderedOf(productId)),
      }));
      await Promise.all(
        bought
          .filter(({ quantity }) => quantity < 0)
          .map((item) => cart.addItem({ userId, item }, { timeoutMs: cartTimeoutMs })),
      );
    } catch (error) {
      log.warn({ error, orderId }, "What was ordered could not be taken out of the cart");
    }
  }
}

/** The decline in an error of payment, if it is one of those that payment declares. */
function declineOf(error: unknown): Failure | undefined {
  const reason = errorInfo(error)?.reason;
  if (!(error instanceof ConnectError) || !reason?.startsWith("CARD_")) return undefined;
  return { reason, message: error.rawMessage };
}

/** Whether payment says that it failed before it charged anything. */
function isChargeFailed(error: unknown): boolean {
  return errorInfo(error)?.reason === "CHARGE_FAILED";
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unimplemented;
}
