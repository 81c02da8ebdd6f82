import { formatDuration } from "../format.ts";
import type { Score } from "./run-words.ts";
import styles from "./score-table.module.css";

/** What an answer is worth; docs/scenarios.md has the formulas. */
export function ScoreTable({ score }: { readonly score: Score }) {
  const { accuracy, average, causes, points, isSolved } = score;
  return (
    <div className={styles.score}>
      <p className={isSolved ? "good" : undefined}>
        <strong>{isSolved ? "✓ Solved" : "Not solved"}</strong>: {points.earned} of {points.possible} points
      </p>
      <dl className={styles.numbers}>
        {[1, 3, 5].map((k) => (
          <div key={k}>
            <dt>
              <abbr title={`share of the root causes among the first ${k}`}>AC@{k}</abbr>
            </dt>
            <dd>{accuracy[k - 1]?.toFixed(2) ?? "–"}</dd>
          </div>
        ))}
        <div>
          <dt>
            <abbr title="mean of AC@1 to AC@5">Avg@5</abbr>
          </dt>
          <dd>{average.toFixed(2)}</dd>
        </div>
      </dl>
      {causes.length === 0 && <p>There was nothing to find.</p>}
      <ul className={styles.causes}>
        {causes.map(({ entity, rank, isReasonRight, isCategoryRight, timeErrorSeconds }) => (
          <li key={entity}>
            <h3>{entity}</h3>
            <ul>
              <Line isRight={rank === undefined ? false : rank === 1}>
                {rank === undefined ? "not named" : rank === 1 ? "named first" : `named as number ${rank}`}
              </Line>
              <Line isRight={isReasonRight}>reason</Line>
              <Line isRight={isCategoryRight}>category</Line>
              <Line isRight={timeErrorSeconds === undefined ? undefined : timeErrorSeconds <= 60}>
                time{timeErrorSeconds !== undefined && `, ${formatDuration(timeErrorSeconds * 1000)} off`}
              </Line>
            </ul>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Line({ isRight, children }: { readonly isRight: boolean | undefined; readonly children: React.ReactNode }) {
  if (isRight === undefined) return <li className="dimmed">– no {children}</li>;
  return (
    <li className={isRight ? "good" : "bad"}>
      {isRight ? "✓" : "✕"} {children}
    </li>
  );
}
