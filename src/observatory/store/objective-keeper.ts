import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListObjectivesResponseSchema,
  MeasuredObjectiveSchema,
  MeasureObjectivesResponseSchema,
  ObjectiveSchema,
} from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { AlertTiming, BurnRatePolicy } from "../objectives/alert-timing.ts";
import { budgetLeft, burnRate, type Events, shareSince } from "../objectives/error-budget.ts";
import type { ObjectiveDefinition } from "../objectives/objective.ts";
import type { Alerts } from "./alerts.ts";
import { objectiveEvents } from "./objective-events.ts";
import { timestamp } from "./questions/asking.ts";
import { type TrafficSource, windowStart } from "./questions/map.ts";

/** Stretches of an objective's window that its history tells of. */
const historySteps = 60;

export interface ObjectiveKeeperOptions {
  readonly objectives: readonly ObjectiveDefinition[];
  readonly timing: AlertTiming;
  readonly source: () => TrafficSource;
  readonly alerts: Alerts;
}

/** Tells how objectives are kept, and looks from time to time whether their error budgets burn too fast. */
export class ObjectiveKeeper {
  readonly #options: ObjectiveKeeperOptions;
  /** Events as of the last time, by objective. */
  readonly #known = new Map<string, readonly Events[]>();
  /** When that was, in milliseconds of Unix time. */
  #judgedMs: number | undefined;

  constructor(options: ObjectiveKeeperOptions) {
    this.#options = options;
  }

  /** Judges every objective once. */
  async evaluate(): Promise<void> {
    const { objectives, timing } = this.#options;
    const source = this.#options.source();
    const { nowMs } = source;
    const longest = Math.max(...timing.policies.map(({ longSeconds }) => longSeconds));
    const shortest = Math.min(...timing.policies.map(({ shortSeconds }) => shortSeconds));
    // What was complete a minute ago hardly ever changes any more.
    const unknown = Math.max(shortest, (nowMs - (this.#judgedMs ?? 0)) / 1_000);
    const since = windowStart(source, Math.min(longest, unknown));
    for (const objective of objectives) {
      const known = (this.#known.get(objective.name) ?? []).filter(
        ({ slot }) => slot >= windowStart(source, longest) && slot < since,
      );
      const events = [...known, ...(await objectiveEvents(objective, source, since))];
      this.#known.set(objective.name, events);
      for (const policy of timing.policies) this.#judge(objective, policy, { events, source });
    }
    this.#judgedMs = nowMs;
  }

  #judge(
    objective: ObjectiveDefinition,
    policy: BurnRatePolicy,
    { events, source }: { readonly events: readonly Events[]; readonly source: TrafficSource },
  ): void {
    const { timing, alerts } = this.#options;
    const { name, service, target } = objective;
    const long = shareSince(events, windowStart(source, policy.longSeconds));
    const short = shareSince(events, windowStart(source, policy.shortSeconds));
    const isBurning =
      long.events >= timing.minEvents &&
      burnRate(long, target) >= policy.rate &&
      burnRate(short, target) >= policy.rate;
    const { severity } = policy;
    alerts.judge(
      { name: `${name}-${severity}`, service, severity, objective: name },
      {
        summary: isBurning ? summary(objective, policy, long.good) : undefined,
        raiseAfterSeconds: timing.raiseAfterSeconds,
        nowMs: source.nowMs,
      },
    );
  }

  /** How each objective was kept over the slots that begin within a stretch of time, in nanoseconds of Unix time. */
  async measure(start: bigint, end: bigint): Promise<MessageInitShape<typeof MeasureObjectivesResponseSchema>> {
    const source = this.#options.source();
    const objectives: MessageInitShape<typeof MeasuredObjectiveSchema>[] = [];
    for (const objective of this.#options.objectives) {
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
    const { policies } = this.#options.timing;
    const source = this.#options.source();
    const objectives: MessageInitShape<typeof ObjectiveSchema>[] = [];
    for (const objective of this.#options.objectives) {
      const { name, service, description, target, windowSeconds } = objective;
      const events = await objectiveEvents(objective, source, windowStart(source, windowSeconds));
      const whole = shareSince(events, 0n);
      const windows = [...new Set(policies.flatMap((policy) => [policy.shortSeconds, policy.longSeconds]))];
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
        history: history(events, windowSeconds / historySteps),
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
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
