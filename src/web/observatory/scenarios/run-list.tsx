import { Link } from "@tanstack/react-router";
import type { Run } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { formatTime } from "../format.ts";
import styles from "./run-list.module.css";
import { outcomeOf, scoreOf, stateWords } from "./run-words.ts";

/** Runs, newest first, each with what has become of it. */
export function RunList({ runs }: { readonly runs: readonly Run[] }) {
  return (
    <ul className={styles.runs}>
      {runs.map((run) => {
        const score = scoreOf(run);
        return (
          <li key={run.id}>
            <Link to="/scenarios/runs/$runId" params={{ runId: run.id }} className={styles.run}>
              <strong>{run.scenarioId || "a blind run"}</strong>
              <span className="dimmed">
                {run.profile}, {formatTime(run.started, { millis: false })}
              </span>
              <span className={styles.state} data-outcome={outcomeOf(run)}>
                {stateWords(run)}
              </span>
              {score && (
                <span className="dimmed">
                  {score.points.earned} of {score.points.possible} points
                </span>
              )}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
