import { type Answer, type Suspect, timeMs } from "./answer.ts";
import type { TrueCause, Truth } from "./truth.ts";

/** How far off a time may be. */
const timeToleranceMs = 60_000;
const deepest = 5;

/** What was found of one root cause. */
export interface FoundCause {
  readonly entity: string;
  /** In the answer, from 1; undefined when it is not there. */
  readonly rank: number | undefined;
  /** Undefined when the answer has none, or does not name the entity. */
  readonly isReasonRight: boolean | undefined;
  readonly isCategoryRight: boolean | undefined;
  /** Seconds between the time answered and the injection. */
  readonly timeErrorSeconds: number | undefined;
}

export interface Score {
  readonly scenario: string;
  /** AC@1 to AC@5, each 0 to 1. */
  readonly accuracy: readonly number[];
  /** The mean of these. */
  readonly average: number;
  readonly causes: readonly FoundCause[];
  /** Entity, reason and time of every cause: as many points as were earned, of as many as there are. */
  readonly points: { readonly earned: number; readonly possible: number };
  /** Whether all points were earned. */
  readonly isSolved: boolean;
}

/**
 * Compares an answer with the truth.
 *
 * AC@k and Avg@5 are those of RCAEval (benchmark/evaluation.py of version 1.8.1): whether the cause is among the first k,
 * and the mean of that for k from 1 to 5. Of several causes it is the share among the first k, where k caps how many there
 * can be, as in MonitorRank's PR@K (Kim, Sumbaly, Shah: "Root Cause Detection in a Service-Oriented Architecture", 2013).
 *
 * Points follow OpenRCA (https://github.com/microsoft/OpenRCA, main/evaluate.py): one each for the component, the reason,
 * and a time at most 60 s off, in the pairing of answers and causes that earns most; none at all when the answer has
 * fewer causes than there are.
 *
 * Without a fault the right answer is empty, and anything else is a false alarm that earns nothing.
 */
export function scoreAnswer(truth: Truth, answer: Answer): Score {
  const { scenario, rootCauses: causes } = truth;
  const { rootCauses: suspects } = answer;
  const accuracy = Array.from({ length: deepest }, (_, index) => accuracyAt(index + 1, causes, suspects));
  const points = pointsOf(causes, suspects);
  return {
    scenario,
    accuracy,
    average: accuracy.reduce((sum, each) => sum + each, 0) / deepest,
    causes: causes.map((cause) => found(cause, suspects)),
    points,
    isSolved: points.earned === points.possible,
  };
}

function accuracyAt(k: number, causes: readonly TrueCause[], suspects: readonly Suspect[]): number {
  if (causes.length === 0) return suspects.length === 0 ? 1 : 0;
  const first = new Set(suspects.slice(0, k).map(({ entity }) => plain(entity)));
  const entities = new Set(causes.map(({ entity }) => plain(entity)));
  const hits = [...entities].filter((entity) => first.has(entity)).length;
  return hits / Math.min(k, entities.size);
}

function pointsOf(causes: readonly TrueCause[], suspects: readonly Suspect[]): Score["points"] {
  if (causes.length === 0) return { earned: suspects.length === 0 ? 1 : 0, possible: 1 };
  const possible = causes.length * 3;
  // OpenRCA asks for exactly as many; of a ranking, the first ones count.
  const first = suspects.slice(0, causes.length);
  if (first.length < causes.length) return { earned: 0, possible };
  return { earned: mostPoints(causes, first), possible };
}

/** Over all pairings; there are few causes. */
function mostPoints(causes: readonly TrueCause[], suspects: readonly Suspect[]): number {
  const [cause, ...rest] = causes;
  if (cause === undefined) return 0;
  return Math.max(
    ...suspects.map((suspect, index) => pairPoints(cause, suspect) + mostPoints(rest, suspects.toSpliced(index, 1))),
  );
}

function pairPoints(cause: TrueCause, suspect: Suspect): number {
  const error = timeError(cause, suspect);
  return [
    plain(suspect.entity) === plain(cause.entity),
    suspect.reason !== undefined && plain(suspect.reason) === plain(cause.reason),
    error !== undefined && error <= timeToleranceMs,
  ].filter(Boolean).length;
}

function found(cause: TrueCause, suspects: readonly Suspect[]): FoundCause {
  const index = suspects.findIndex(({ entity }) => plain(entity) === plain(cause.entity));
  const suspect = suspects[index];
  const error = suspect === undefined ? undefined : timeError(cause, suspect);
  return {
    entity: cause.entity,
    rank: index < 0 ? undefined : index + 1,
    isReasonRight: suspect?.reason === undefined ? undefined : plain(suspect.reason) === plain(cause.reason),
    isCategoryRight: suspect?.category === undefined ? undefined : suspect.category === cause.category,
    timeErrorSeconds: error === undefined ? undefined : error / 1_000,
  };
}

/** Milliseconds. */
function timeError(cause: TrueCause, { time }: Suspect): number | undefined {
  const answered = time === undefined ? undefined : timeMs(time);
  return answered === undefined ? undefined : Math.abs(answered - Date.parse(cause.injectedAt));
}

/** Case and spaces are no part of an answer. */
function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").toLowerCase();
}
