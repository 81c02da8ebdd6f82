import { Link, useParams } from "@tanstack/react-router";
import type { Run } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { scenarioService } from "../api.ts";
import { formatDuration, formatTime } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing } from "../live/problem.tsx";
import { Refusal } from "../live/refusal.tsx";
import { useAction } from "../live/use-action.ts";
import { AnswerForm } from "./answer-form.tsx";
import { BackLink } from "./back-link.tsx";
import { ResetButton } from "./reset-button.tsx";
import styles from "./run-page.module.css";
import { RunPhases } from "./run-phases.tsx";
import { isOver, outcomeOf, scoreOf, stateWords, timesOf } from "./run-words.ts";
import { ScenarioProblem } from "./scenario-problem.tsx";
import { ScoreTable } from "./score-table.tsx";
import { objectiveOf, SloLink } from "./slo-link.tsx";
import { useRefreshRuns } from "./use-runs.ts";

/** A run of a scenario: where it is, what was seen of the fault, and what an answer to it is worth. */
export function RunPage() {
  const { runId } = useParams({ from: "/scenarios/runs/$runId" });
  const { data, error } = useLiveQuery({
    key: ["scenario-run", runId],
    ask: (call) => scenarioService.getRun({ runId }, call),
    everyMs: 1000,
  });
  const run = data?.run;
  usePageTitle(run?.scenarioId ? `Run of ${run.scenarioId}` : "Run");
  return (
    <div className="page">
      <BackLink />
      {error && !run && <ScenarioProblem error={error} />}
      {!run && !error && <Nothing title="Asking for the run" />}
      {run && <RunView run={run} />}
    </div>
  );
}

function RunView({ run }: { readonly run: Run }) {
  const isSecret = run.scenarioId === "";
  return (
    <>
      <div className="page-head">
        <h1>
          {isSecret ? (
            "A blind run"
          ) : (
            <>
              Run of{" "}
              <Link to="/scenarios/$scenarioId" params={{ scenarioId: run.scenarioId }} className="tap">
                {run.scenarioId}
              </Link>
            </>
          )}
        </h1>
        <p className="dimmed">
          {run.profile}
          {run.isBlind && !isSecret && ", blind"}, since {formatTime(run.started, { millis: false })}
        </p>
        <p className={styles.state} data-outcome={outcomeOf(run)} role="status">
          {stateWords(run)}
        </p>
      </div>
      <RunActions run={run} />
      {isSecret ? (
        <p className={`panel ${styles.secret}`}>
          Something is wrong with the shop, or will be, or nothing is: what it is and when it came is told when the run
          is over, however long that takes. Look at the <Link to="/">map</Link>, at{" "}
          <Link to="/slos">objectives and alerts</Link>, at{" "}
          <Link to="/traces" search={{ errors: "1" }}>
            traces with errors
          </Link>{" "}
          and at the <Link to="/logs">logs</Link>.
        </p>
      ) : (
        <RunPhases run={run} />
      )}
      <div className={styles.columns}>
        {!isSecret && (
          <div className={styles.seen}>
            {isOver(run) && <Verdict run={run} />}
            <Effects run={run} />
            <Alerts run={run} />
          </div>
        )}
        <section aria-labelledby="answer" className={`panel ${styles.answer}`}>
          <h2 id="answer">Your answer</h2>
          <Answered run={run} />
        </section>
      </div>
    </>
  );
}

function RunActions({ run }: { readonly run: Run }) {
  const { isBusy, problem, act } = useAction();
  const refresh = useRefreshRuns();
  const stop = () =>
    act(async () => {
      await scenarioService.stopRun({ runId: run.id });
      await refresh();
    });
  return (
    <>
      {problem !== undefined && <Refusal>{problem}</Refusal>}
      <div className={styles.actions}>
        {!isOver(run) && (
          <button type="button" className="button" disabled={isBusy} onClick={() => void stop()}>
            {isBusy ? "Stopping" : "Stop the run"}
          </button>
        )}
        <ResetButton />
      </div>
    </>
  );
}

function Verdict({ run }: { readonly run: Run }) {
  const { detectedAfterSeconds: detected, clearedAfterSeconds: cleared, failures } = run;
  const outcome = outcomeOf(run);
  return (
    <section aria-labelledby="verdict" className={`panel ${styles.verdict}`} data-outcome={outcome}>
      <h2 id="verdict">
        {outcome === "passed"
          ? "It went as the manifest says"
          : outcome === "stopped"
            ? "It was stopped"
            : "It did not go as the manifest says"}
      </h2>
      {outcome !== "stopped" && failures.length > 0 && (
        <ul>
          {failures.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
      <p>
        {detected !== undefined && `The first sign was there ${formatDuration(detected * 1000)} after the injection. `}
        {cleared !== undefined && `All was well again ${formatDuration(cleared * 1000)} after the revert.`}
        {outcome === "stopped" && " Its faults are reverted, and the load is as before."}
      </p>
    </section>
  );
}

function Effects({ run }: { readonly run: Run }) {
  return (
    <section aria-labelledby="effects" className={`panel ${styles.section}`}>
      <h2 id="effects">Effects</h2>
      {run.effects.length === 0 ? (
        <p className={styles.none}>The manifest names none.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <section className="scroll-x" tabIndex={0} aria-label="Effects before, during and after the fault">
          <table className="pinned">
            <thead>
              <tr>
                <th scope="col">What is measured</th>
                <th scope="col" className="number">
                  before
                </th>
                <th scope="col" className="number">
                  during
                </th>
                <th scope="col" className="number">
                  after
                </th>
                <th scope="col">Proven</th>
              </tr>
            </thead>
            <tbody>
              {run.effects.map(({ name, baseline, fault, recovered, isProven }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="number">{measured(baseline)}</td>
                  <td className="number">{measured(fault)}</td>
                  <td className="number">{measured(recovered)}</td>
                  <td className={isProven ? "good" : "dimmed"}>{isProven ? "✓ yes" : "not yet"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function measured(value: number | undefined): string {
  return value === undefined ? "–" : new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format(value);
}

function Alerts({ run }: { readonly run: Run }) {
  const { injected, reverted } = timesOf(run);
  const expectedFirst = run.alerts.toSorted((a, b) => Number(b.isExpected) - Number(a.isExpected));
  return (
    <section aria-labelledby="alerts" className={`panel ${styles.section}`}>
      <h2 id="alerts">Alerts</h2>
      {run.alerts.length === 0 ? (
        <p className={styles.none}>
          {injected === undefined ? (
            <>
              Those of the run come after the injection. One that is raised before holds it up:{" "}
              <Link to="/slos">objectives and alerts</Link>.
            </>
          ) : (
            `None was raised${isOver(run) ? "" : " yet"}.`
          )}
        </p>
      ) : (
        <ul className={styles.alerts}>
          {expectedFirst.map(({ name, isExpected, raisedAfterSeconds, clearedAfterSeconds }) => {
            const objective = objectiveOf(name);
            return (
              // The same one may be raised again.
              <li key={`${name} ${raisedAfterSeconds}`}>
                <strong>
                  <SloLink name={name} />
                </strong>
                <span className="dimmed">{isExpected ? "as the manifest says" : "not named by the manifest"}</span>
                <span>
                  {raisedAfterSeconds !== undefined &&
                    `raised ${formatDuration(raisedAfterSeconds * 1000)} after the injection`}
                  {clearedAfterSeconds === 0 && ", cleared before the revert"}
                  {clearedAfterSeconds !== undefined &&
                    clearedAfterSeconds > 0 &&
                    `, cleared ${formatDuration(clearedAfterSeconds * 1000)} after the revert`}
                  {clearedAfterSeconds === undefined && reverted !== undefined && ", not cleared yet"}
                </span>
                {objective !== undefined && <SloLink name={objective}>its objective</SloLink>}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function Answered({ run }: { readonly run: Run }) {
  const score = scoreOf(run);
  if (score) return <ScoreTable score={score} />;
  if (run.hasAnswer) {
    return (
      <p role="status">
        It is taken.{" "}
        {run.isBlind
          ? "What it is worth is told when the run is over."
          : "What it is worth is told when the fault is injected."}
      </p>
    );
  }
  return <AnswerForm run={run} />;
}
