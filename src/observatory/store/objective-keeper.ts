import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type AlertSchema,
  AlertState,
  type ListObjectivesResponseSchema,
  type MeasuredObjectiveSchema,
  type MeasureObjectivesResponseSchema,
  type ObjectiveSchema,
} from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type AlertTiming, alertTiming, type BurnRatePolicy, scaledTiming } from "../objectives/alert-timing.ts";
import { budgetLeft, burnRate, type Events, shareSince } from "../objectives/error-budget.ts";
import type { ObjectiveDefinition } from "../objectives/objective.ts";
import { objectiveEvents } from "./objective-events.ts";
import { timestamp } from "./questions/asking.ts";
import { type TrafficSource, windowStart } from "./questions/map.ts";
import { Recent } from "./recent.ts";
import type { Cell } from "./table-writer.ts";

const maxRemembered = 1_000;
/** Stretches of an objective's history, in seconds. */
const historyStep = 60;

/** An alert that is or was raised; times in milliseconds of Unix time. */
interface Alert {
  readonly name: string;
  readonly service: string;
  readonly severity: "page" | "ticket";
  readonly objective: string;
  summary: string;
  readonly sinceMs: number;
  untilMs: number | undefined;
  state: AlertState;
  /** When its condition was last found to hold. */
  heldMs: number;
}

export interface ObjectiveKeeperOptions {
  readonly objectives: readonly ObjectiveDefinition[];
  /** How many times as fast as usual everything goes. */
  readonly timeScale: number;
  readonly source: () => TrafficSource;
  /** Stores an alert that was raised. */
  readonly raised: (row: readonly Cell[]) => void;
  /** Stores that it has cleared. */
  readonly cleared: (alert: {
    readonly name: string;
    readonly sinceNanos: bigint;
    readonly untilNanos: bigint;
  }) => void;
}

/** Looks at the objectives from time to time, and raises and clears alerts. */
export class ObjectiveKeeper {
  readonly fresh = new Recent<MessageInitShape<typeof AlertSchema>>(100);
  readonly #options: ObjectiveKeeperOptions;
  readonly #objectives: readonly ObjectiveDefinition[];
  readonly #timing: AlertTiming;
  readonly #active = new Map<string, Alert>();
  readonly #past: Alert[] = [];

  constructor(options: ObjectiveKeeperOptions) {
    const { objectives, timeScale } = options;
    this.#options = options;
    this.#timing = scaledTiming(alertTiming, timeScale);
    this.#objectives = objectives.map((each) => ({ ...each, windowSeconds: each.windowSeconds / timeScale }));
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
      if (alert.untilMs === undefined) this.#active.set(alert.name, alert);
      else this.#past.push(alert);
    }
  }

  /** Judges every objective once. */
  async evaluate(): Promise<void> {
    const source = this.#options.source();
    const longest = Math.max(...this.#timing.policies.map(({ longSeconds }) => longSeconds));
    for (const objective of this.#objectives) {
      const events = await objectiveEvents(objective, source, windowStart(source, longest));
      for (const policy of this.#timing.policies) this.#judge(objective, policy, events, source);
    }
  }

  #judge(
    objective: ObjectiveDefinition,
    policy: BurnRatePolicy,
    events: readonly Events[],
    source: TrafficSource,
  ): void {
    const { target, service } = objective;
    const { minEvents, raiseAfterSeconds, clearAfterSeconds } = this.#timing;
    const { nowMs } = source;
    const long = shareSince(events, windowStart(source, policy.longSeconds));
    const short = shareSince(events, windowStart(source, policy.shortSeconds));
    const isBurning =
      long.events >= minEvents && burnRate(long, target) >= policy.rate && burnRate(short, target) >= policy.rate;
    const name = `${objective.name}-${policy.severity}`;
    let alert = this.#active.get(name);
    if (alert === undefined) {
      if (!isBurning) return;
      alert = {
        name,
        service,
        severity: policy.severity,
        objective: objective.name,
        summary: "",
        sinceMs: nowMs,
        untilMs: undefined,
        state: AlertState.PENDING,
        heldMs: nowMs,
      };
      this.#active.set(name, alert);
      alert.summary = summary(objective, policy, long.good);
      this.fresh.add(alertMessage(alert));
      return;
    }
    if (isBurning) {
      alert.heldMs = nowMs;
      alert.summary = summary(objective, policy, long.good);
      if (alert.state === AlertState.PENDING && nowMs - alert.sinceMs >= raiseAfterSeconds * 1_000) {
        alert.state = AlertState.FIRING;
        const { severity, sinceMs } = alert;
        this.#options.raised([name, service, severity, objective.name, alert.summary, nanos(sinceMs), null]);
        this.fresh.add(alertMessage(alert));
      }
      return;
    }
    if (alert.state === AlertState.PENDING) {
      this.#active.delete(name);
      this.fresh.add(alertMessage({ ...alert, state: AlertState.CLEARED, untilMs: nowMs }));
    } else if (nowMs - alert.heldMs >= clearAfterSeconds * 1_000) {
      this.#active.delete(name);
      alert.state = AlertState.CLEARED;
      alert.untilMs = nowMs;
      this.#past.push(alert);
      if (this.#past.length > maxRemembered) this.#past.shift();
      this.#options.cleared({ name, sinceNanos: nanos(alert.sinceMs), untilNanos: nanos(nowMs) });
      this.fresh.add(alertMessage(alert));
    }
  }

  /** Alerts that are or were raised, newest first. */
  alerts(limit: number): MessageInitShape<typeof AlertSchema>[] {
    return [...this.#active.values(), ...this.#past]
      .sort((a, b) => b.sinceMs - a.sinceMs)
      .slice(0, limit)
      .map(alertMessage);
  }

  /** How each objective was kept over the slots that begin within a stretch of time, in nanoseconds of Unix time. */
  async measure(start: bigint, end: bigint): Promise<MessageInitShape<typeof MeasureObjectivesResponseSchema>> {
    const source = this.#options.source();
    const objectives: MessageInitShape<typeof MeasuredObjectiveSchema>[] = [];
    for (const objective of this.#objectives) {
      const events = await objectiveEvents(objective, source, start);
      const { events: all, good } = shareSince(
        events.filter(({ slot }) => slot < end),
        start,
      );
      objectives.push({ name: objective.name, events: BigInt(all), good });
    }
    return { objectives };
  }

  /** How each objective is kept. */
  async list(): Promise<MessageInitShape<typeof ListObjectivesResponseSchema>> {
    const source = this.#options.source();
    const objectives: MessageInitShape<typeof ObjectiveSchema>[] = [];
    for (const objective of this.#objectives) {
      const { name, service, description, target, windowSeconds } = objective;
      const events = await objectiveEvents(objective, source, windowStart(source, windowSeconds));
      const whole = shareSince(events, 0n);
      const windows = [
        ...new Set(this.#timing.policies.flatMap((policy) => [policy.shortSeconds, policy.longSeconds])),
      ];
      objectives.push({
        name,
        service,
        description,
        target,
        windowSeconds,
        attained: whole.good,
        events: BigInt(whole.events),
        budgetLeft: budgetLeft(whole, target),
        burnRates: windows
          .sort((a, b) => a - b)
          .map((seconds) => ({
            windowSeconds: seconds,
            rate: burnRate(shareSince(events, windowStart(source, seconds)), target),
          })),
        history: history(events, historyStep / this.#options.timeScale),
      });
    }
    return { objectives };
  }
}

function history(events: readonly Events[], stepSeconds: number) {
  const step = BigInt(stepSeconds * 1_000) * 1_000_000n;
  const byStep = Map.groupBy(events, ({ slot }) => slot - (slot % step));
  return [...byStep].map(([start, some]) => ({ time: timestamp(start + step), value: shareSince(some, 0n).good }));
}

function summary({ description, target }: ObjectiveDefinition, policy: BurnRatePolicy, good: number): string {
  const percent = (share: number) => `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 1)} %`;
  return `${description} This held for ${percent(good)} over the last ${spoken(policy.longSeconds)}; the objective is ${percent(target)}.`;
}

function spoken(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.round(seconds)} s`;
}

function alertMessage(alert: Alert): MessageInitShape<typeof AlertSchema> {
  const { name, service, severity, objective, summary: text, state, sinceMs, untilMs } = alert;
  return {
    name,
    service,
    severity,
    objective,
    summary: text,
    state,
    since: timestamp(nanos(sinceMs)),
    ...(untilMs === undefined ? {} : { until: timestamp(nanos(untilMs)) }),
  };
}

function nanos(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
