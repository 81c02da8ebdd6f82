import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { scenarioService } from "../api.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing } from "../live/problem.tsx";
import { BackLink } from "./back-link.tsx";
import { Difficulty } from "./difficulty.tsx";
import { readManifest } from "./manifest.ts";
import { RunList } from "./run-list.tsx";
import styles from "./scenario-page.module.css";
import { ScenarioProblem } from "./scenario-problem.tsx";
import { StartRun } from "./start-run.tsx";
import { Truth } from "./truth.tsx";
import { useRuns } from "./use-runs.ts";

/** A full run is quiet for as long at its end. */
const silenceSeconds = 120;

/** One scenario: what is told of it, a run of it, and its truth for those who want it. */
export function ScenarioPage() {
  const { scenarioId } = useParams({ from: "/scenarios/$scenarioId" });
  const { truth } = useSearch({ from: "/scenarios/$scenarioId" });
  const navigate = useNavigate({ from: "/scenarios/$scenarioId" });
  usePageTitle(`Scenario ${scenarioId}`);
  const told = useLiveQuery({
    key: ["scenarios", false],
    ask: (call) => scenarioService.listScenarios({}, call),
  });
  const { data, error } = useLiveQuery({
    key: ["manifest", scenarioId],
    ask: async (call) => readManifest((await scenarioService.getManifest({ scenarioId }, call)).json),
    everyMs: 15_000,
  });
  const scenario = told.data?.scenarios.find(({ id }) => id === scenarioId);
  const runs = useRuns().data?.runs.filter((run) => run.scenarioId === scenarioId) ?? [];
  const fullSeconds = data && data.phases.baselineSeconds + data.phases.faultSeconds + silenceSeconds;

  return (
    <div className="page">
      <BackLink />
      <div className="page-head">
        <h1>{scenario?.title ?? scenarioId}</h1>
        <code className="dimmed">{scenarioId}</code>
        {scenario && <Difficulty of={scenario.difficulty} />}
      </div>
      {error && <ScenarioProblem error={error} />}
      {!data && !error && <Nothing title="Asking for the scenario" />}
      {data && (
        <div className={styles.columns}>
          <div className={styles.story}>
            <p className={styles.description}>{scenario?.description}</p>
            <p>
              <button
                type="button"
                className="button"
                aria-expanded={truth !== undefined}
                onClick={() =>
                  void navigate({
                    search: (before) => ({ ...before, truth: truth === undefined ? "show" : undefined }),
                    replace: true,
                    resetScroll: false,
                  })
                }
              >
                {truth === undefined ? "Show the truth" : "Hide the truth"}
              </button>
              {truth === undefined && (
                <span className={`dimmed ${styles.hint}`}>Where it is, how it spreads, and what helps.</span>
              )}
            </p>
            {truth !== undefined && <Truth manifest={data} />}
          </div>
          <div className={styles.side}>
            <section aria-labelledby="start" className={`panel ${styles.start}`}>
              <h2 id="start">Run it</h2>
              <StartRun from={[scenarioId]} fullSeconds={fullSeconds} />
            </section>
            {runs.length > 0 && (
              <section aria-labelledby="runs" className={`panel ${styles.runs}`}>
                <h2 id="runs">Runs of it</h2>
                <RunList runs={runs} />
              </section>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
