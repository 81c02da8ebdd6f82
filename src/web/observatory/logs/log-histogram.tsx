import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useState } from "react";
import type { LogBucket, Mark } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { markLabel } from "../charts/mark-labels.ts";
import { formatCount, formatTime } from "../format.ts";
import styles from "./log-histogram.module.css";

const height = 84;

/** How many records there were when, by severity; dragging over a part of it shows that part of time. */
export function LogHistogram(props: {
  readonly buckets: readonly LogBucket[];
  readonly marks: readonly Mark[];
  readonly bounds: { readonly startMs: number; readonly endMs: number };
  readonly onZoom: (startMs: number, endMs: number) => void;
}) {
  const { buckets, marks, onZoom } = props;
  const [drag, setDrag] = useState<{ readonly start: number; readonly end: number }>();
  const [hovered, setHovered] = useState<LogBucket>();
  const starts = buckets.map(({ start }) => (start ? timestampMs(start) : 0));
  const from = starts[0] ?? props.bounds.startMs;
  const step = buckets.length > 1 ? ((starts.at(-1) ?? from) - from) / (buckets.length - 1) : props.bounds.endMs - from;
  const to = from + step * buckets.length;
  const highest = Math.max(1, ...buckets.map((each) => Number(each.errors + each.warnings + each.others)));
  const sum = (pick: (bucket: LogBucket) => bigint) => buckets.reduce((total, each) => total + pick(each), 0n);
  const position = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (to - from);
  };
  const percent = (ms: number) => ((ms - from) / (to - from)) * 100;

  return (
    <div className={`panel ${styles.histogram}`}>
      <div
        className={styles.plot}
        style={{ height }}
        role="img"
        aria-label="Records over time"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ start: position(event), end: position(event) });
        }}
        onPointerMove={(event) => {
          const at = position(event);
          setHovered(buckets[Math.floor((at - from) / step)]);
          if (drag) setDrag({ start: drag.start, end: at });
        }}
        onPointerLeave={() => setHovered(undefined)}
        onPointerUp={() => {
          if (drag && Math.abs(drag.end - drag.start) > step / 2) {
            onZoom(Math.min(drag.start, drag.end), Math.max(drag.start, drag.end));
          }
          setDrag(undefined);
        }}
      >
        <svg
          width="100%"
          height={height}
          preserveAspectRatio="none"
          viewBox={`0 0 ${buckets.length} ${highest}`}
          aria-hidden
        >
          {buckets.map(({ errors, warnings, others }, index) => {
            const parts = [
              { color: "var(--danger)", size: Number(errors) },
              { color: "var(--critical)", size: Number(warnings) },
              { color: "var(--flow)", size: Number(others) },
            ];
            let top = highest;
            return parts.map(({ color, size }) => {
              top -= size;
              return (
                size > 0 && (
                  <rect key={`${index} ${color}`} x={index + 0.08} width={0.84} y={top} height={size} fill={color} />
                )
              );
            });
          })}
        </svg>
        {marks.map((mark) => {
          const at = mark.time ? percent(timestampMs(mark.time)) : -1;
          return (
            at >= 0 &&
            at <= 100 && (
              <span
                key={`${at} ${mark.kind} ${mark.service}`}
                className={styles.mark}
                style={{ left: `${at}%` }}
                title={`${markLabel(mark)}: ${mark.text}`}
              />
            )
          );
        })}
        {drag && (
          <span
            className={styles.drag}
            style={{
              left: `${percent(Math.min(drag.start, drag.end))}%`,
              width: `${Math.abs(percent(drag.end) - percent(drag.start))}%`,
            }}
          />
        )}
      </div>
      <p className={styles.legend}>
        <span>{formatTime(from, { millis: false })}</span>
        <span className={styles.counts}>
          {hovered && <span>{formatTime(hovered.start, { millis: false })}:</span>}
          <span style={{ color: "var(--danger)" }}>
            ✕ {formatCount(hovered?.errors ?? sum(({ errors }) => errors))} errors
          </span>
          <span style={{ color: "var(--accent-text)" }}>
            ▲ {formatCount(hovered?.warnings ?? sum(({ warnings }) => warnings))} warnings
          </span>
          <span>{formatCount(hovered?.others ?? sum(({ others }) => others))} others</span>
        </span>
        <span>{formatTime(to, { millis: false })}</span>
      </p>
    </div>
  );
}
