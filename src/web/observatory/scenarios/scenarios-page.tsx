import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Scenario } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { scenarioService } from "../api.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing } from "../live/problem.tsx";
import { Difficulty, difficulties } from "./difficulty.tsx";
import { ResetButton } from "./reset-button.tsx";
import { RunList } from "./run-list.tsx";
import { ScenarioProblem } from "./scenario-problem.tsx";
import styles from "./scenarios-page.module.css";
import { StartRun } from "./start-run.tsx";
import { useRuns } from "./use-runs.ts";

/** The fault scenarios of the shop, and the runs of them so far. */
export function ScenariosPage() {
  usePageTitle("Scenarios");
  const { range: _range, ...search } = useSearch({ from: "/scenarios" });
  const navigate = useNavigate({ from: "/scenarios" });
  const showsTruth = search.truth !== undefined;
  const { data, error } = useLiveQuery({
    key: ["scenarios", showsTruth],
    ask: (call) => scenarioService.listScenarios({ withCategories: showsTruth }, call),
    everyMs: 15_000,
  });
  const runs = useRuns();
  const set = (change: Partial<Record<keyof typeof search, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const found = data?.scenarios.filter((scenario) => fits(scenario, search)) ?? [];

  if (error && !data) {
    return (
      <div className="page">
        <h1>Scenarios</h1>
        <ScenarioProblem error={error} />
      </div>
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>Scenarios</h1>
        <p className="dimmed">
          Faults of the shop, each with the truth about it. Find out what is wrong, and be judged.
        </p>
      </div>
      <div className={styles.columns}>
        <section aria-labelledby="all" className={styles.list}>
          <h2 id="all" className={styles.hidden}>
            All scenarios
          </h2>
          <div className="filters">
            <label className={styles.find}>
              Find
              <input
                type="search"
                placeholder="Words of the title, the id or the description"
                value={search.find ?? ""}
                maxLength={100}
                onChange={({ currentTarget }) => set({ find: currentTarget.value || undefined })}
              />
            </label>
            <label>
              Difficulty
              <select
                value={search.difficulty ?? ""}
                onChange={({ currentTarget }) => set({ difficulty: currentTarget.value || undefined })}
              >
                <option value="">any</option>
                {difficulties.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
            {showsTruth && (
              <label>
                Category
                <select
                  value={search.category ?? ""}
                  onChange={({ currentTarget }) => set({ category: currentTarget.value || undefined })}
                >
                  <option value="">any</option>
                  {data?.categories.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              </label>
            )}
            <label>
              <input
                type="checkbox"
                checked={showsTruth}
                onChange={({ currentTarget }) =>
                  set({ truth: currentTarget.checked ? "show" : undefined, category: undefined })
                }
              />
              Show categories
            </label>
          </div>
          {!data && <Nothing title="Asking for the scenarios" />}
          {data && found.length === 0 && (
            <Nothing title="No scenario is like that">Take a word or a condition away.</Nothing>
          )}
          {found.length > 0 && (
            <div className="panel">
              <table className={styles.scenarios}>
                <thead>
                  <tr>
                    <th scope="col">Scenario</th>
                    <th scope="col">Difficulty</th>
                    {showsTruth && <th scope="col">Category</th>}
                  </tr>
                </thead>
                <tbody>
                  {found.map(({ id, title, difficulty, description, categories }) => (
                    <tr key={id}>
                      <th scope="row">
                        <Link to="/scenarios/$scenarioId" params={{ scenarioId: id }} className={`tap ${styles.title}`}>
                          {title}
                        </Link>{" "}
                        <code className={styles.id}>{id}</code>
                        <p className={styles.about}>{description}</p>
                      </th>
                      <td>
                        <Difficulty of={difficulty} />
                      </td>
                      {showsTruth && <td>{categories.join(", ") || "–"}</td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
        <div className={styles.side}>
          <section aria-labelledby="runs" className={`panel ${styles.runs}`}>
            <h2 id="runs">Runs so far</h2>
            {runs.data?.runs.length === 0 && (
              <p className={`dimmed ${styles.inner}`}>None since the service started.</p>
            )}
            {runs.error && !runs.data && <p className={`bad ${styles.inner}`}>They cannot be had.</p>}
            {runs.data && runs.data.runs.length > 0 && <RunList runs={runs.data.runs} />}
            <div className={styles.reset}>
              <ResetButton />
            </div>
          </section>
          <details className={`panel ${styles.blind}`}>
            <summary>Diagnose one that is not told</summary>
            <p className={`dimmed ${styles.inner}`}>
              One of the {found.length} scenarios of the list is drawn, and what it is and when its fault comes is told
              when the run is over.
            </p>
            <div className={styles.inner}>
              <StartRun from={found.map(({ id }) => id)} isBlind />
            </div>
          </details>
        </div>
      </div>
    </div>
  );
}

function fits(
  { id, title, description, difficulty, categories }: Scenario,
  search: {
    readonly find?: string | undefined;
    readonly difficulty?: string | undefined;
    readonly category?: string | undefined;
  },
): boolean {
  const text = `${id} ${title} ${description}`.toLowerCase();
  const words = (search.find ?? "").toLowerCase().split(/\s+/);
  return (
    words.every((word) => text.includes(word)) &&
    (search.difficulty === undefined || difficulty === search.difficulty) &&
    (search.category === undefined || categories.includes(search.category))
  );
}
