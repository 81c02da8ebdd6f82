import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { TraceSummary } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatTime } from "../format.ts";
import styles from "./duration-plot.module.css";

const height = 108;
const top = 8;
const bottom = 20;
/** Left of the dots, as in the style sheet. */
const scaleWidth = 58;

/**
 * The found traces as dots over time, their durations on a logarithmic scale; failed ones are crosses.
 * For the pointer only: the list below says the same.
 */
export function DurationPlot(props: {
  readonly traces: readonly TraceSummary[];
  readonly bounds: { readonly startMs: number; readonly endMs: number };
}) {
  const navigate = useNavigate();
  const [hovered, setHovered] = useState<TraceSummary>();
  const starts = props.traces.map(({ start }) => (start ? timestampMs(start) : 0));
  // The newest are shown, and they may fill only the end of the range.
  const from = Math.max(props.bounds.startMs, Math.min(...starts));
  const to = Math.max(...starts, from + 1000);
  const durations = props.traces.map(({ durationMs }) => Math.max(0.01, durationMs));
  const low = Math.floor(Math.log10(Math.min(...durations)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...durations))));
  const x = (ms: number) => ((ms - from) / (to - from)) * 100;
  const y = (duration: number) =>
    top + (1 - (Math.log10(Math.max(0.01, duration)) - low) / (high - low)) * (height - top - bottom);
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));

  return (
    <div className={`panel ${styles.plot}`} aria-hidden>
      <svg aria-hidden className={styles.field} height={height} overflow="visible">
        {decades.map((decade) => (
          <g key={decade}>
            <line x1={-scaleWidth} x2="100%" y1={y(decade)} y2={y(decade)} stroke="var(--line)" />
            <text x={2 - scaleWidth} y={y(decade) - 3} className={styles.tick}>
              {formatDuration(decade)}
            </text>
          </g>
        ))}
        {props.traces.map((trace, index) => {
          const at = { x: `${x(starts[index] ?? from)}%`, y: y(trace.durationMs) };
          return (
            <svg
              aria-hidden
              key={trace.traceId}
              x={at.x}
              y={at.y}
              overflow="visible"
              className={styles.dot}
              data-failed={trace.errorCount > 0}
              onPointerEnter={() => setHovered(trace)}
              onPointerLeave={() => setHovered(undefined)}
              onClick={() => void navigate({ to: "/traces/$traceId", params: { traceId: trace.traceId } })}
            >
              <circle r="8" fill="transparent" />
              {trace.errorCount > 0 ? <path d="M-4-4 4 4M4-4-4 4" /> : <circle r="3.6" className={styles.disc} />}
            </svg>
          );
        })}
        <text x="0" y={height - 2} className={styles.tick}>
          {formatTime(from, { millis: false })}
        </text>
        <text x="100%" y={height - 2} textAnchor="end" className={styles.tick}>
          {formatTime(to, { millis: false })}
        </text>
        {hovered && (
          <text x="50%" y={height - 2} textAnchor="middle" className={styles.hovered}>
            {formatDuration(hovered.durationMs)} · {hovered.rootService} · {hovered.rootOperation.slice(0, 60)}
          </text>
        )}
      </svg>
    </div>
  );
}
