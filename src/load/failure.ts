/**
 * How a request can fail: nobody answered, or not in time; the answer's status tells of a failure; the shop declined as
 * it may, a card or an empty cart say; the answer is not what was asked for.
 */
export type FailureKind = "connection" | "timeout" | "status" | "declined" | "content";

/** Why a request counts as failed. */
export interface Failure {
  readonly kind: FailureKind;
  /** Short and of few different values, for failures are counted by it: `ECONNREFUSED`, `503 SERVICE_UNAVAILABLE`. */
  readonly detail: string;
}
