import type { ChargeReceipt, Failure, PricedOrder, StoredOrder } from "./order.ts";

export interface NewOrder extends PricedOrder {
  /** The caller's idempotency key; undefined when it gave none. */
  readonly key: string | undefined;
  readonly requestHash: Buffer;
  readonly propagated: Readonly<Record<string, string>>;
}

/**
 * The port to where orders are kept. Every order in progress has an owner, the process that works on it; a change of
 * state by a process that is not the owner any more is refused (false), so that an order is never moved on twice.
 */
export interface OrderStore {
  /** The order that a user placed under a key. */
  findByKey(userId: string, key: string): Promise<StoredOrder | undefined>;
  /** Writes a pending order owned by this process; false when the user has another order under the key. */
  create(order: NewOrder): Promise<boolean>;
  /** Lets go of a key whose order was refunded, so that the user may try again with it. */
  releaseKey(orderId: string): Promise<void>;
  charged(orderId: string, receipt: ChargeReceipt): Promise<boolean>;
  declined(orderId: string, failure: Failure): Promise<boolean>;
  refunding(orderId: string, failure: Failure): Promise<boolean>;
  refunded(orderId: string): Promise<boolean>;
  /** Completes the order, and adds its event and its confirmation to the outbox, in one transaction. */
  placed(order: StoredOrder, trackingId: string): Promise<boolean>;
  /**
   * Makes this process the owner of orders in progress whose owner is gone, or has not moved them for longer than any
   * call lasts, or that failed before and are due again.
   */
  takeOver(limit: number): Promise<readonly StoredOrder[]>;
  findPlaced(orderId: string, userId: string): Promise<StoredOrder | undefined>;
  /** Newest first. */
  listPlaced(userId: string, limit: number): Promise<readonly StoredOrder[]>;
  isReachable(): Promise<boolean>;
}
