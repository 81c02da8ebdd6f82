import type { OrderResult } from "../../../gen/oteldemo/order_pb.ts";
import type { Money } from "../../domain/money.ts";

/**
 * How far an order has come.
 *
 *     pending -> charged -> placed
 *        |          |
 *        |          +-----> refunding -> refunded
 *        +-> declined          ^
 *        +---------------------+
 *
 * placed, declined and refunded are final. Whatever happens in between, an order is moved on by the process that
 * began it, or by the recovery of another.
 */
export type OrderState = "pending" | "charged" | "placed" | "declined" | "refunding" | "refunded";

/** An order as it is priced, before it is paid. */
export interface PricedOrder {
  readonly orderId: string;
  readonly userId: string;
  /** Where the confirmation goes; empty for none. */
  readonly email: string;
  /** Everything but the tracking id. */
  readonly result: OrderResult;
  /** Shipping and all lines. */
  readonly total: Money;
}

/** What payment tells of a charge. */
export interface ChargeReceipt {
  readonly transactionId: string;
  /** Empty when payment does not tell. */
  readonly cardFingerprint: string;
  /** ISO 3166-1 alpha-2; empty when unknown. */
  readonly cardCountry: string;
}

/** Why an order came to nothing. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** An order as it is stored. */
export interface StoredOrder extends PricedOrder {
  readonly state: OrderState;
  readonly receipt: ChargeReceipt | undefined;
  readonly failure: Failure | undefined;
  readonly placedAt: Date | undefined;
  /** Keyed hash of the request. */
  readonly requestHash: Buffer;
  /** Metadata that the order's event carries along: trace context and baggage. */
  readonly propagated: Readonly<Record<string, string>>;
}
