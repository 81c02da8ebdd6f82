import type { MessageInitShape } from "@bufbuild/protobuf";
import { type AlertSchema, AlertState } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { timestamp } from "./questions/asking.ts";
import { Recent } from "./recent.ts";
import type { Cell } from "./table-writer.ts";

const maxRemembered = 1_000;

/** What an alert is about. */
export interface AlertSubject {
  readonly name: string;
  readonly service: string;
  readonly severity: "page" | "ticket";
  /** Of alerts on objectives. */
  readonly objective: string;
}

/** An alert that is or was raised; times in milliseconds of Unix time. */
interface Alert extends AlertSubject {
  summary: string;
  readonly sinceMs: number;
  untilMs: number | undefined;
  state: AlertState;
  /** When its condition was last found to hold. */
  heldMs: number;
}

/** What tells one raised alert from all others. */
export interface RaisedAlert {
  readonly name: string;
  readonly service: string;
  readonly sinceNanos: bigint;
}

export interface AlertsOptions {
  /** How long a condition must not hold before its alert clears. */
  readonly clearAfterSeconds: number;
  /** Stores an alert that was raised. */
  readonly raised: (row: readonly Cell[]) => void;
  /** Stores that it has cleared. */
  readonly cleared: (alert: RaisedAlert & { readonly untilNanos: bigint }) => void;
}

/** Alerts from the first sign on, until they are past. */
export class Alerts {
  readonly fresh = new Recent<MessageInitShape<typeof AlertSchema>>(100);
  readonly #options: AlertsOptions;
  readonly #active = new Map<string, Alert>();
  readonly #past: Alert[] = [];

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Takes up alerts that were stored before a restart. */
  restore(
    stored: readonly {
      readonly name: string;
      readonly service: string;
      readonly severity: string;
      readonly objective: string;
      readonly summary: string;
      readonly since_ns: bigint;
      readonly until_ns: bigint | null;
    }[],
  ): void {
    for (const row of stored) {
      const alert: Alert = {
        name: row.name,
        service: row.service,
        severity: row.severity === "page" ? "page" : "ticket",
        objective: row.objective,
        summary: row.summary,
        sinceMs: Number(row.since_ns / 1_000_000n),
        untilMs: row.until_ns === null ? undefined : Number(row.until_ns / 1_000_000n),
        state: row.until_ns === null ? AlertState.FIRING : AlertState.CLEARED,
        heldMs: Number(row.since_ns / 1_000_000n),
      };
      if (alert.untilMs === undefined) this.#active.set(keyOf(alert), alert);
      else this.#past.push(alert);
    }
  }

  /** Services that an alert of this name is active for. */
  servicesOf(name: string): readonly string[] {
    return [...this.#active.values()].filter((alert) => alert.name === name).map(({ service }) => service);
  }

  /**
   * Takes note of whether the condition of an alert holds now.
   *
   * @param finding.summary what to tell of it; undefined when it does not hold
   */
  judge(
    subject: AlertSubject,
    finding: { readonly summary: string | undefined; readonly raiseAfterSeconds: number; readonly nowMs: number },
  ): void {
    const { summary, raiseAfterSeconds, nowMs } = finding;
    const alert = this.#active.get(keyOf(subject));
    if (summary === undefined) {
      if (alert !== undefined) this.#release(alert, nowMs);
      return;
    }
    if (alert === undefined) {
      const state = AlertState.PENDING;
      const begun: Alert = { ...subject, summary, sinceMs: nowMs, untilMs: undefined, state, heldMs: nowMs };
      this.#active.set(keyOf(begun), begun);
      this.fresh.add(message(begun));
      return;
    }
    alert.heldMs = nowMs;
    alert.summary = summary;
    if (alert.state === AlertState.PENDING && nowMs - alert.sinceMs >= raiseAfterSeconds * 1_000) {
      alert.state = AlertState.FIRING;
      const { name, service, severity, objective, sinceMs } = alert;
      this.#options.raised([name, service, severity, objective, summary, nanos(sinceMs), null]);
      this.fresh.add(message(alert));
    }
  }

  /** Alerts that are or were raised, newest first. */
  list(limit: number): MessageInitShape<typeof AlertSchema>[] {
    return [...this.#active.values(), ...this.#past]
      .sort((a, b) => b.sinceMs - a.sinceMs)
      .slice(0, limit)
      .map(message);
  }

  #release(alert: Alert, nowMs: number): void {
    if (alert.state === AlertState.PENDING) {
      this.#active.delete(keyOf(alert));
      this.fresh.add(message({ ...alert, state: AlertState.CLEARED, untilMs: nowMs }));
      return;
    }
    if (nowMs - alert.heldMs < this.#options.clearAfterSeconds * 1_000) return;
    this.#active.delete(keyOf(alert));
    alert.state = AlertState.CLEARED;
    alert.untilMs = nowMs;
    this.#past.push(alert);
    if (this.#past.length > maxRemembered) this.#past.shift();
    const { name, service, sinceMs } = alert;
    this.#options.cleared({ name, service, sinceNanos: nanos(sinceMs), untilNanos: nanos(nowMs) });
    this.fresh.add(message(alert));
  }
}

function keyOf({ name, service }: AlertSubject): string {
  return `${name}\n${service}`;
}

function message(alert: Alert): MessageInitShape<typeof AlertSchema> {
  const { name, service, severity, objective, summary, state, sinceMs, untilMs } = alert;
  return {
    name,
    service,
    severity,
    objective,
    summary,
    state,
    since: timestamp(nanos(sinceMs)),
    ...(untilMs === undefined ? {} : { until: timestamp(nanos(untilMs)) }),
  };
}

function nanos(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
