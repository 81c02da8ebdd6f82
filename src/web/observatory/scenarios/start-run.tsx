import { Link, useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { scenarioService } from "../api.ts";
import { formatWindow } from "../format.ts";
import { Refusal } from "../live/refusal.tsx";
import { useAction } from "../live/use-action.ts";
import { isOver } from "./run-words.ts";
import styles from "./start-run.module.css";
import { useRefreshRuns, useRuns } from "./use-runs.ts";

/**
 * Begins a run, of one scenario or of one that is drawn from several and not told.
 *
 * `fullSeconds` is how long a full run takes at least, where that may be told.
 */
export function StartRun(props: {
  readonly from: readonly string[];
  readonly isBlind?: boolean;
  readonly fullSeconds?: number | undefined;
}) {
  const { from, isBlind = false, fullSeconds } = props;
  const [profile, setProfile] = useState<"full" | "quick">("full");
  const { isBusy, problem, act } = useAction();
  const navigate = useNavigate();
  const refresh = useRefreshRuns();
  const name = useId();
  const underWay = useRuns().data?.runs.find((run) => !isOver(run));
  const start = () =>
    act(async () => {
      const scenarioId = from[Math.floor(Math.random() * from.length)] ?? "";
      const { run } = await scenarioService.startRun({ scenarioId, profile, isBlind });
      await refresh();
      if (run) await navigate({ to: "/scenarios/runs/$runId", params: { runId: run.id } });
    });
  return (
    <form
      className={styles.start}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <fieldset className={styles.profiles}>
        <legend>How long</legend>
        <label>
          <input
            type="radio"
            name={name}
            value="full"
            checked={profile === "full"}
            onChange={() => setProfile("full")}
          />
          <span>
            <strong>Full</strong>{" "}
            <span className="dimmed">
              {fullSeconds === undefined
                ? "Takes minutes, as the manifest says. For people, and for recordings."
                : `Takes ${formatWindow(fullSeconds)} at least, as the manifest says. For people, and for recordings.`}
            </span>
          </span>
        </label>
        <label>
          <input
            type="radio"
            name={name}
            value="quick"
            checked={profile === "quick"}
            onChange={() => setProfile("quick")}
          />
          <span>
            <strong>Quick</strong>{" "}
            <span className="dimmed">
              A minute or two, at 60 requests a second. Needs a shop whose alerts are as quick, started with{" "}
              <code>OBSERVATORY_TIME_SCALE=5</code>; elsewhere they come too late, and the run fails.
            </span>
          </span>
        </label>
      </fieldset>
      {problem !== undefined && <Refusal>{problem}</Refusal>}
      {underWay ? (
        <p>
          There is one run at a time:{" "}
          <Link to="/scenarios/runs/$runId" params={{ runId: underWay.id }} className="tap">
            look at the one under way
          </Link>
        </p>
      ) : (
        <button type="submit" className="button" data-primary disabled={isBusy || from.length === 0}>
          {isBlind ? "Start one of them" : "Start a run"}
        </button>
      )}
    </form>
  );
}
