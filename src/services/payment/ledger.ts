import type { Money } from "../../domain/money.ts";

/** A request to charge that was judged, as the ledger keeps it. It never holds the card's number. */
export interface ChargeAttempt {
  /** The caller's idempotency key; undefined when it gave none. */
  readonly key: string | undefined;
  /** Keyed hash of the request, to notice a key that is used for another one. */
  readonly requestHash: Buffer;
  readonly amount: Money;
  readonly outcome: ChargeOutcome;
}

export type ChargeOutcome =
  | {
      readonly kind: "charged";
      readonly transactionId: string;
      readonly cardBrand: string;
      readonly cardFingerprint: string;
      /** ISO 3166-1 alpha-2; empty when unknown. */
      readonly cardCountry: string;
    }
  | { readonly kind: "declined"; readonly reason: string; readonly message: string };

export type RecordedCharge =
  | { readonly kind: "recorded"; readonly outcome: ChargeOutcome }
  /** The key was refunded before it was charged: nothing is charged under it any more. */
  | { readonly kind: "voided" }
  | { readonly kind: "other-request" };

export type Refund =
  | { readonly kind: "refunded"; readonly refundId: string; readonly amount: Money }
  | { readonly kind: "nothing-charged" };

/** The port to where charges and refunds are kept. */
export interface Ledger {
  /** Records an attempt; under a key that is known, answers what was recorded first and changes nothing. */
  charge(attempt: ChargeAttempt): Promise<RecordedCharge>;
  /** Gives back what was charged under a key, once; a key without a charge is closed to later ones. */
  refund(key: string, reason: string): Promise<Refund>;
  isReachable(): Promise<boolean>;
}
