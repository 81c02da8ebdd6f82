import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Phase, type Run } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";

/** What has become of a run. */
export type Outcome = "running" | "passed" | "stopped" | "failed";

export function isOver(run: Run): boolean {
  return run.phase === Phase.OVER;
}

/** The service says of a run that was stopped no more than that. */
const stoppedReason = "It was stopped.";

export function outcomeOf(run: Run): Outcome {
  if (!isOver(run)) return "running";
  if (run.failures.length === 0) return "passed";
  return run.failures.includes(stoppedReason) ? "stopped" : "failed";
}

/** One line for lists. */
export function stateWords(run: Run): string {
  switch (outcomeOf(run)) {
    case "passed":
      return "✓ as the manifest says";
    case "stopped":
      return "■ stopped";
    case "failed":
      return "✕ not as the manifest says";
    case "running":
      return `● ${phaseWords[run.phase]}`;
  }
}

export const phaseWords: Readonly<Record<Phase, string>> = {
  [Phase.UNSPECIFIED]: "under way",
  [Phase.BASELINE]: "baseline",
  [Phase.FAULT]: "fault",
  [Phase.RECOVERY]: "recovery",
  [Phase.OVER]: "over",
};

/** The score of an answer, as `orrery scenario score --json` prints it. */
export type Score = {
  readonly accuracy: readonly number[];
  readonly average: number;
  readonly causes: readonly {
    readonly entity: string;
    readonly rank?: number;
    readonly isReasonRight?: boolean;
    readonly isCategoryRight?: boolean;
    readonly timeErrorSeconds?: number;
  }[];
  readonly points: { readonly earned: number; readonly possible: number };
  readonly isSolved: boolean;
};

export function scoreOf({ score }: Run): Score | undefined {
  return score === undefined ? undefined : (JSON.parse(score.json) as Score);
}

/** Milliseconds since 1970 of what the run tells; undefined where it has not come to that. */
export function timesOf({ started, injected, reverted, ended }: Run) {
  const ms = (time: typeof started) => (time === undefined ? undefined : timestampMs(time));
  return { started: ms(started) ?? 0, injected: ms(injected), reverted: ms(reverted), ended: ms(ended) };
}
