import type { Signal } from "../../platform/telemetry/sink.ts";

/** Why telemetry was not kept. */
export type DropReason =
  | "malformed request"
  | "request too large"
  | "store too slow"
  | "store out of memory"
  | "store disk full"
  | "invalid id"
  | "no time"
  | "clock in the future"
  | "clock in the past"
  | "too many series"
  | "too many resources"
  | "unsupported point";

export interface Drop {
  readonly signal: Signal;
  readonly reason: DropReason;
  readonly count: number;
}

/** Counts what was not kept, by signal and reason. */
export class Drops {
  /** Of all signals and reasons. */
  total = 0;
  lastReason: DropReason | undefined;
  readonly #counts = new Map<string, { signal: Signal; reason: DropReason; count: number }>();

  count(signal: Signal, reason: DropReason, count = 1): void {
    if (count === 0) return;
    this.total += count;
    this.lastReason = reason;
    const key = `${signal}\n${reason}`;
    const drop = this.#counts.get(key);
    if (drop === undefined) this.#counts.set(key, { signal, reason, count });
    else drop.count += count;
  }

  all(): Drop[] {
    return [...this.#counts.values()].map((drop) => ({ ...drop }));
  }
}
