import { useState } from "react";
import { Refusal } from "../live/refusal.tsx";
import { useAction } from "../live/use-action.ts";
import { type LoadStatus, loadGenerator } from "./load-api.ts";
import styles from "./load-controls.module.css";

type Draft = { readonly users?: string; readonly rate?: string; readonly thinkTime?: string };

/** How much load there shall be; what is changed while it runs is followed at once. */
export function LoadControls({ status, onDone }: { readonly status: LoadStatus; readonly onDone: () => void }) {
  const { settings, state } = status;
  const isRunning = state === "running" || state === "waiting";
  // Fields show what is set until somebody types.
  const [draft, setDraft] = useState<Draft>({});
  const { isBusy, problem, act } = useAction();
  const shown = {
    users: draft.users ?? String(settings.users),
    rate: draft.rate ?? String(settings.ratePerSecond),
    thinkTime: draft.thinkTime ?? rangeText(settings.thinkTime),
  };
  const does = (work: () => Promise<unknown>) =>
    void act(async () => {
      await work();
      onDone();
    });
  const apply = () =>
    does(async () => {
      const wanted = {
        users: Number(shown.users),
        ratePerSecond: Number(shown.rate),
        thinkTime: shown.thinkTime.trim(),
      };
      await (isRunning ? loadGenerator.change(wanted) : loadGenerator.start(wanted));
      setDraft({});
    });
  return (
    <form
      className={`panel ${styles.controls}`}
      aria-label="The load"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label>
        Users
        <input
          type="number"
          inputMode="numeric"
          min={0}
          max={10_000}
          required
          value={shown.users}
          onChange={({ currentTarget }) => setDraft({ ...draft, users: currentTarget.value })}
        />
      </label>
      <label>
        Arrivals a second
        <input
          type="number"
          inputMode="decimal"
          min={0}
          max={50_000}
          step="any"
          required
          value={shown.rate}
          onChange={({ currentTarget }) => setDraft({ ...draft, rate: currentTarget.value })}
        />
      </label>
      <label>
        Think time
        <input
          required
          maxLength={40}
          spellCheck={false}
          value={shown.thinkTime}
          onChange={({ currentTarget }) => setDraft({ ...draft, thinkTime: currentTarget.value })}
        />
      </label>
      <div className={styles.actions}>
        <button
          type="submit"
          className="button"
          data-primary
          disabled={isBusy || (isRunning && Object.keys(draft).length === 0)}
        >
          {isRunning ? "Change" : "Start"}
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy || state === "idle"}
          onClick={() => does(loadGenerator.stop)}
        >
          Stop
        </button>
        <button type="button" className="button" disabled={isBusy} onClick={() => does(loadGenerator.reset)}>
          Reset figures
        </button>
      </div>
      {problem !== undefined && (
        <div className={styles.problem}>
          <Refusal>{problem}</Refusal>
        </div>
      )}
    </form>
  );
}

/** `1s..10s`, as the load generator takes it. */
function rangeText({ lowMs, highMs }: LoadStatus["settings"]["thinkTime"]): string {
  return lowMs === highMs ? timeText(lowMs) : `${timeText(lowMs)}..${timeText(highMs)}`;
}

function timeText(ms: number): string {
  if (ms === 0) return "0";
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
