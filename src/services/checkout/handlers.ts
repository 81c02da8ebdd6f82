import { createHmac } from "node:crypto";
import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { context as activeContext, propagation } from "@opentelemetry/api";
import {
  type CheckoutService,
  type PlacedOrderSchema,
  type PlaceOrderRequest,
  PlaceOrderRequestSchema,
} from "../../../gen/oteldemo/checkout_pb.ts";
import type { OrderResult } from "../../../gen/oteldemo/order_pb.ts";
import type { CreditCardInfo } from "../../../gen/oteldemo/payment_pb.ts";
import { toMessage } from "../../domain/money.ts";
import { currentCall, withCall } from "../../platform/rpc/call-context.ts";
import { idempotencyKeyHeader } from "../../platform/rpc/client.ts";
import { isErrorKind, isFailure, markRetriesSpent, rpcError } from "../../platform/rpc/errors.ts";
import { endWithin } from "./end-within.ts";
import { checkoutErrors } from "./errors.ts";
import type { Failure, PricedOrder, StoredOrder } from "./order.ts";
import type { OrderObserver } from "./order-observer.ts";
import type { Outcome, Saga } from "./saga.ts";
import type { OrderStore } from "./store.ts";

/** Time for the steps after pricing, whatever the caller's patience: an order that was begun is not left half-way. */
const sagaMs = 20_000;
const defaultListLength = 50;
const pollMs = 50;

export interface CheckoutHandlers extends ServiceImpl<typeof CheckoutService> {
  /** Waits for the orders that are being placed, for as long as a stop may take. */
  settle(): Promise<void>;
}

export function checkoutHandlers(options: {
  readonly store: OrderStore;
  readonly price: (request: PlaceOrderRequest) => Promise<PricedOrder>;
  readonly saga: Saga;
  readonly observer: OrderObserver;
  readonly secret: Buffer;
}): CheckoutHandlers {
  const { store, price, saga, observer, secret } = options;
  const underWay = new Map<Promise<Outcome>, AbortController>();

  /** Runs on when the caller goes away, under a deadline of its own. */
  function begin(order: StoredOrder, card: CreditCardInfo): Promise<Outcome> {
    const ending = new AbortController();
    const late = setTimeout(() => ending.abort(), sagaMs);
    const call = {
      deadline: performance.now() + sagaMs,
      signal: ending.signal,
      propagated: currentCall()?.propagated ?? [],
    };
    const outcome = withCall(call, () => saga.begin(order, card));
    underWay.set(outcome, ending);
    const end = () => {
      clearTimeout(late);
      underWay.delete(outcome);
    };
    outcome.then(end, end);
    return outcome;
  }

  async function placeOrder(request: PlaceOrderRequest, context: HandlerContext) {
    const begun = performance.now();
    const key = idempotencyKey(context);
    const requestHash = createHmac("sha256", secret)
      .update("order\0")
      .update(toBinary(PlaceOrderRequestSchema, request))
      .digest();
    const repeated = async () => {
      if (key === undefined) return undefined;
      const earlier = await store.findByKey(request.userId, key);
      if (earlier === undefined) return undefined;
      if (!earlier.requestHash.equals(requestHash)) {
        throw rpcError(
          checkoutErrors.IDEMPOTENCY_KEY_REUSED,
          "The idempotency key was used for an order with other contents; use a new one.",
        );
      }
      return outcomeOf(await whenSettled(store, earlier, request.userId, key, context));
    };

    const before = await repeated();
    if (before !== undefined) return before;
    let priced: PricedOrder;
    try {
      priced = await price(request);
    } catch (error) {
      // The same call, a moment earlier, may have placed the order and emptied the cart.
      const meanwhile = isErrorKind(error, checkoutErrors.CART_EMPTY) ? await repeated() : undefined;
      if (meanwhile !== undefined) return meanwhile;
      throw error;
    }
    const propagated = Object.fromEntries(currentCall()?.propagated ?? []);
    propagation.inject(activeContext.active(), propagated);
    if (!(await store.create({ ...priced, key, requestHash, propagated }))) {
      const meanwhile = await repeated();
      if (meanwhile !== undefined) return meanwhile;
      throw inProgress();
    }
    const { creditCard } = request;
    if (creditCard === undefined) throw new Error("Validation lets no order without a card through");
    const pending: StoredOrder = {
      ...priced,
      state: "pending",
      receipt: undefined,
      failure: undefined,
      placedAt: undefined,
      requestHash,
      propagated,
    };
    observer.prepared(pending);
    const outcome = await begin(pending, creditCard);
    switch (outcome.kind) {
      case "placed":
        observer.took(pending, (performance.now() - begun) / 1_000);
        return { order: { ...priced.result, shippingTrackingId: outcome.trackingId } };
      case "failed":
        throw failureError(outcome.failure);
      case "in-progress":
        throw inProgress();
    }
  }

  /** What a call with a key that is known answers; undefined when the order came to nothing and may be tried again. */
  async function outcomeOf(order: StoredOrder): Promise<{ order: OrderResult } | undefined> {
    switch (order.state) {
      case "placed":
        return { order: order.result };
      case "declined":
        throw failureError(order.failure);
      case "refunded":
        await store.releaseKey(order.orderId);
        return undefined;
      default:
        throw inProgress();
    }
  }

  return {
    placeOrder,
    async getOrder({ orderId, userId }) {
      const order = await store.findPlaced(orderId, userId);
      if (order !== undefined) return { order: placedOrder(order) };
      throw rpcError(checkoutErrors.ORDER_NOT_FOUND, `There is no order ${JSON.stringify(orderId)} of this user.`, {
        metadata: { orderId },
      });
    },
    async listOrders({ userId, limit }) {
      const orders = await store.listPlaced(userId, limit === 0 ? defaultListLength : limit);
      return { orders: orders.map(placedOrder) };
    },
    async settle() {
      await endWithin(Promise.allSettled(underWay.keys()), () => {
        for (const ending of underWay.values()) ending.abort();
      });
    },
  };
}

function idempotencyKey(context: HandlerContext): string | undefined {
  const key = context.requestHeader.get(idempotencyKeyHeader);
  if (key === null || key === "") return undefined;
  if (/^[\x20-\x7e]{1,256}$/.test(key)) return key;
  throw rpcError(
    checkoutErrors.IDEMPOTENCY_KEY_INVALID,
    `${idempotencyKeyHeader} must be 1 to 256 printable ASCII characters.`,
  );
}

/** The order once it is final, or as it is shortly before the caller's patience ends. */
async function whenSettled(
  store: OrderStore,
  order: StoredOrder,
  userId: string,
  key: string,
  context: HandlerContext,
): Promise<StoredOrder> {
  let current = order;
  const isFinal = () => ["placed", "declined", "refunded"].includes(current.state);
  while (!isFinal() && (context.timeoutMs() ?? 0) > 10 * pollMs) {
    if (context.signal.aborted) throw new ConnectError("The caller went away.", Code.Canceled);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    current = (await store.findByKey(userId, key)) ?? current;
  }
  return current;
}

function inProgress(): ConnectError {
  return rpcError(
    checkoutErrors.ORDER_IN_PROGRESS,
    "The order is still being placed; repeat the call with the same idempotency key to learn how it ended.",
  );
}

function failureError(failure: Failure | undefined): ConnectError {
  const { reason, message } = failure ?? {
    reason: checkoutErrors.PAYMENT_UNAVAILABLE.reason,
    message: checkoutErrors.PAYMENT_UNAVAILABLE.meaning,
  };
  const declared = Object.values(checkoutErrors).find((kind) => kind.reason === reason);
  const error = rpcError(declared ?? { ...checkoutErrors.CARD_DECLINED, reason }, message);
  // The steps had their retries; another order, charged and refunded anew, is the customer's to decide.
  return isFailure(error) ? markRetriesSpent(error) : error;
}

function placedOrder(order: StoredOrder): MessageInitShape<typeof PlacedOrderSchema> {
  return {
    order: order.result,
    total: toMessage(order.total),
    ...(order.placedAt === undefined ? {} : { placedAt: timestampFromDate(order.placedAt) }),
  };
}
