import { Link } from "@tanstack/react-router";
import { Phase, type Run } from "../../../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { formatDuration, formatTime, formatWindow } from "../format.ts";
import { fixedRange } from "../live/time-range.ts";
import { storeNow } from "../live/watch.ts";
import styles from "./run-phases.module.css";
import { isOver, timesOf } from "./run-words.ts";

type Part = {
  readonly name: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** What it waits for. */
  readonly words: string;
  /** Seconds that it takes at least. */
  readonly least: number;
};

/** The phases of a run, each with its time, what it waits for, and the views of that stretch of time. */
export function RunPhases({ run }: { readonly run: Run }) {
  const { started, injected, reverted, ended } = timesOf(run);
  const { timing } = run;
  const span = (seconds = 0) =>
    seconds < 60 || seconds % 60 === 0 ? formatWindow(seconds) : formatDuration(seconds * 1000);
  const parts: readonly Part[] = [
    {
      name: "Baseline",
      startMs: started,
      endMs: injected ?? ended,
      words: `Until no alert has been raised for ${span(timing?.baselineSeconds)}.`,
      least: timing?.baselineSeconds ?? 0,
    },
    {
      name: "Fault",
      startMs: injected,
      endMs: reverted ?? ended,
      words: `${span(timing?.faultSeconds)} at least, until all its signs are there; ${span(timing?.detectSeconds)} at most.`,
      least: timing?.faultSeconds ?? 0,
    },
    {
      name: "Recovery",
      startMs: reverted,
      endMs: ended,
      words: `Until nothing has been wrong for ${span(timing?.silenceSeconds)}; ${span((timing?.clearSeconds ?? 0) + (timing?.silenceSeconds ?? 0))} at most.`,
      least: timing?.silenceSeconds ?? 0,
    },
  ];
  return (
    <ol className={styles.phases} aria-label="Phases">
      {parts.map((part) => (
        <PhaseCard key={part.name} part={part} run={run} />
      ))}
    </ol>
  );
}

const current: Readonly<Partial<Record<Phase, string>>> = {
  [Phase.BASELINE]: "Baseline",
  [Phase.FAULT]: "Fault",
  [Phase.RECOVERY]: "Recovery",
};

function PhaseCard({ part, run }: { readonly part: Part; readonly run: Run }) {
  const { name, startMs, endMs, words, least } = part;
  const now = storeNow();
  const isNow = !isOver(run) && current[run.phase] === name;
  const state = isNow ? "now" : startMs === undefined ? "waiting" : "done";
  const lengthMs = startMs === undefined ? 0 : Math.max(0, (endMs ?? now) - startMs);
  const range = startMs === undefined ? undefined : fixedRange(startMs, Math.max(endMs ?? now, startMs + 1000));
  return (
    <li className={`panel ${styles.phase}`} data-state={state} aria-current={isNow ? "step" : undefined}>
      <h2>
        <span aria-hidden>{state === "done" ? "✓" : state === "now" ? "●" : "○"}</span> {name}
        {startMs !== undefined && (
          <span className={styles.length}>{formatDuration(Math.round(lengthMs / 1000) * 1000)}</span>
        )}
      </h2>
      <div className={styles.meter} aria-hidden>
        <div style={{ width: state === "done" ? "100%" : `${Math.min(1, lengthMs / 1000 / (least || 1)) * 100}%` }} />
      </div>
      <p className="dimmed">
        {startMs === undefined
          ? isOver(run)
            ? "It did not come to that."
            : words
          : isNow
            ? words
            : `${formatTime(startMs, { millis: false })} – ${formatTime(endMs, { millis: false })}`}
      </p>
      {range !== undefined && (
        <nav aria-label={`What was seen: ${name}`} className={styles.links}>
          <Link to="/" search={{ range }} className="tap">
            Map
          </Link>
          <Link to="/traces" search={{ range, ...(name === "Fault" ? { errors: "1" } : {}) }} className="tap">
            {name === "Fault" ? "Traces with errors" : "Traces"}
          </Link>
          <Link to="/logs" search={{ range }} className="tap">
            Logs
          </Link>
          <Link to="/metrics" search={{ range }} className="tap">
            Metrics
          </Link>
        </nav>
      )}
    </li>
  );
}
