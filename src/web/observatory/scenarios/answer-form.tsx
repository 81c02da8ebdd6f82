import { useId, useState } from "react";
import type { Run } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { scenarioService } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Refusal } from "../live/refusal.tsx";
import { useAction } from "../live/use-action.ts";
import { useWatched } from "../live/watch.ts";
import styles from "./answer-form.module.css";
import { timesOf } from "./run-words.ts";
import { useRefreshRuns } from "./use-runs.ts";

type Suspect = {
  readonly key: number;
  readonly entity: string;
  readonly reason: string;
  readonly category: string;
  /** As the field has it: a local time with seconds. */
  readonly time: string;
};

const noSuspect = { entity: "", reason: "", category: "", time: "" } as const;

/** Who is suspected, the most likely first; nobody when nothing is wrong. */
export function AnswerForm({ run }: { readonly run: Run }) {
  const [suspects, setSuspects] = useState<readonly Suspect[]>([{ key: 0, ...noSuspect }]);
  const { isBusy, problem, act } = useAction();
  const refresh = useRefreshRuns();
  const id = useId();
  const nodes = useWatched(({ map }) => map?.nodes);
  const words = useLiveQuery({
    key: ["scenarios", false],
    ask: (call) => scenarioService.listScenarios({}, call),
  }).data;
  const add = () =>
    setSuspects([...suspects, { key: Math.max(-1, ...suspects.map(({ key }) => key)) + 1, ...noSuspect }]);
  const change = (key: number, part: Partial<Suspect>) =>
    setSuspects(suspects.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const raise = (index: number) => {
    const suspect = suspects[index];
    if (suspect) setSuspects(suspects.toSpliced(index, 1).toSpliced(index - 1, 0, suspect));
  };
  const submit = () =>
    act(async () => {
      await scenarioService.submitAnswer({ runId: run.id, answer: JSON.stringify(answerOf(suspects)) });
      await refresh();
    });

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p className="dimmed">
        What is the root cause? The most likely first. The first answer counts, whether the run is over or not.
      </p>
      <datalist id={`${id}-entities`}>
        {nodes?.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id={`${id}-reasons`}>
        {words?.reasons.map((reason) => (
          <option key={reason} value={reason} />
        ))}
      </datalist>
      <ol className={styles.suspects}>
        {suspects.map((suspect, index) => (
          <li key={suspect.key}>
            <fieldset className={styles.suspect}>
              <legend>Suspect {index + 1}</legend>
              <label className={styles.wide}>
                Entity
                <input
                  required
                  list={`${id}-entities`}
                  placeholder="a service, a store, a topic, as on the map"
                  value={suspect.entity}
                  maxLength={200}
                  spellCheck={false}
                  onChange={({ currentTarget }) => change(suspect.key, { entity: currentTarget.value })}
                />
              </label>
              <label className={styles.wide}>
                Reason
                <input
                  list={`${id}-reasons`}
                  placeholder="one of the list"
                  value={suspect.reason}
                  maxLength={200}
                  onChange={({ currentTarget }) => change(suspect.key, { reason: currentTarget.value })}
                />
              </label>
              <label>
                Category
                <select
                  value={suspect.category}
                  onChange={({ currentTarget }) => change(suspect.key, { category: currentTarget.value })}
                >
                  <option value="">unknown</option>
                  {words?.categories.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </select>
              </label>
              <label>
                Began at, your time
                <input
                  type="datetime-local"
                  step={1}
                  min={localInput(timesOf(run).started)}
                  value={suspect.time}
                  onChange={({ currentTarget }) => change(suspect.key, { time: currentTarget.value })}
                />
              </label>
              <div className={`${styles.actions} ${styles.wide}`}>
                {index > 0 && (
                  <button type="button" className="button" onClick={() => raise(index)}>
                    More likely
                  </button>
                )}
                <button
                  type="button"
                  className="button"
                  onClick={() => setSuspects(suspects.filter(({ key }) => key !== suspect.key))}
                >
                  Take away
                </button>
              </div>
            </fieldset>
          </li>
        ))}
      </ol>
      {suspects.length === 0 && <p>Nobody: you say that nothing is wrong.</p>}
      {problem !== undefined && <Refusal>{problem}</Refusal>}
      <div className={styles.actions}>
        <button type="submit" className="button" data-primary disabled={isBusy}>
          Submit the answer
        </button>
        <button type="button" className="button" onClick={add}>
          Add a suspect
        </button>
      </div>
    </form>
  );
}

/** By scenarios/answer.schema.json; what was left empty is not there. */
function answerOf(suspects: readonly Suspect[]) {
  return {
    rootCauses: suspects.map(({ entity, reason, category, time }) => ({
      entity: entity.trim(),
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      ...(category === "" ? {} : { category }),
      ...(time === "" ? {} : { time: new Date(time).toISOString() }),
    })),
  };
}

function localInput(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
