import type { Action, Judgement, Mitigation, Outcome } from "../mitigation.ts";

/** An effect that was there when a mitigation began. */
interface Trouble {
  readonly name: string;
  readonly before: number | undefined;
}

/** Measures an effect over the time from one moment to another; `isThere` tells it from the baseline. */
type Measure = (
  effect: string,
  span: { readonly fromMs: number; readonly toMs: number },
) => Promise<{ readonly value: number | undefined; readonly isThere: boolean }>;

/** What the telemetry of a moment may need until it can be asked for. */
const arrivalMs = 3_000;

/** One mitigation of a run, and whether the trouble that was there ends by it. */
export class MitigationWatch {
  readonly #troubles: readonly Trouble[];
  readonly #windowMs: number;
  #mitigation: Mitigation;
  #wasGone = false;

  /** @param windowMs how much of the time since is judged by, always the last of it */
  constructor(mitigation: Mitigation, options: { readonly troubles: readonly Trouble[]; readonly windowMs: number }) {
    this.#troubles = options.troubles;
    this.#windowMs = options.windowMs;
    this.#mitigation = { ...mitigation, judgement: this.#judgement("unknown", []) };
  }

  get mitigation(): Mitigation {
    return this.#mitigation;
  }

  /**
   * Whether no more is to be learned from it: the trouble is over and has not come back for a while, or, so long after it
   * that somebody would have done something else, is not.
   */
  isSettled(nowMs: number, patienceMs: number): boolean {
    const { finishedMs, judgement } = this.#mitigation;
    if (finishedMs === undefined) return false;
    const isOver = this.#troubles.length > 0 && (judgement?.effects.every(({ isGone }) => isGone) ?? false);
    return nowMs - finishedMs >= (isOver ? arrivalMs + 2 * this.#windowMs : patienceMs);
  }

  /** Whether as much has been measured since as it is judged by. */
  #canBeJudged(nowMs: number): boolean {
    const { finishedMs, failure } = this.#mitigation;
    return failure === undefined && finishedMs !== undefined && nowMs >= finishedMs + arrivalMs + this.#windowMs;
  }

  finished(mitigation: Pick<Mitigation, "finishedMs" | "done" | "failure">): void {
    this.#mitigation = { ...this.#mitigation, ...mitigation };
  }

  /** Measures what was there. */
  async look(nowMs: number, measure: Measure): Promise<void> {
    const { finishedMs } = this.#mitigation;
    if (finishedMs === undefined || !this.#canBeJudged(nowMs)) return;
    const span = { fromMs: Math.max(finishedMs + arrivalMs, nowMs - this.#windowMs), toMs: nowMs };
    const effects: Judgement["effects"][number][] = [];
    for (const { name, before } of this.#troubles) {
      const { value, isThere } = await measure(name, span);
      effects.push({ name, before, after: value, isGone: !isThere });
    }
    const isGone = effects.some((effect) => effect.isGone);
    this.#wasGone ||= isGone;
    const outcome = isGone ? "helped" : this.#wasGone ? "helped-for-a-while" : "did-not-help";
    const judged = this.#troubles.length === 0 ? "unknown" : outcome;
    this.#mitigation = { ...this.#mitigation, judgement: this.#judgement(judged, effects) };
  }

  #judgement(outcome: Outcome, effects: Judgement["effects"]): Judgement {
    if (effects.length > 0) return { outcome, effects };
    return {
      outcome,
      effects: this.#troubles.map(({ name, before }) => ({ name, before, after: undefined, isGone: false })),
    };
  }
}

/** A mitigation that begins now. */
export function begunMitigation(id: string, action: Action): Mitigation {
  return {
    id,
    action,
    startedMs: Date.now(),
    finishedMs: undefined,
    done: "",
    failure: undefined,
    judgement: undefined,
  };
}
