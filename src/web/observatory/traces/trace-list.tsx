import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { ServiceShare, TraceSummary } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatTime } from "../format.ts";
import { serviceColor } from "../service-color.ts";
import { ServiceName } from "../service-name.tsx";
import styles from "./trace-list.module.css";

/** Traces as rows: when, what, how long against the longest, and whose spans they are made of. */
export function TraceList(props: {
  readonly traces: readonly TraceSummary[];
  readonly compared: readonly string[];
  readonly onToggle: (traceId: string) => void;
  readonly onCompare: (() => void) | undefined;
}) {
  const durations = props.traces.map(({ durationMs }) => Math.max(0.01, durationMs));
  const shortest = Math.min(...durations);
  const longest = Math.max(...durations);
  return (
    <section className="panel" aria-label="Found traces">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" className={styles.pick}>
              <button
                type="button"
                className="button"
                disabled={!props.onCompare}
                onClick={props.onCompare}
                title="Choose two traces to compare"
              >
                Compare
              </button>
            </th>
            <th scope="col" className={styles.time}>
              Start
            </th>
            <th scope="col">Root</th>
            <th scope="col" className={styles.duration}>
              Duration
            </th>
            <th scope="col" className={`number ${styles.count}`}>
              Spans
            </th>
            <th scope="col" className={`number ${styles.count}`}>
              Errors
            </th>
            <th scope="col" className={styles.services}>
              Services
            </th>
          </tr>
        </thead>
        <tbody>
          {props.traces.map((trace) => (
            <Row
              key={trace.traceId}
              trace={trace}
              shortest={shortest}
              longest={longest}
              isCompared={props.compared.includes(trace.traceId)}
              onToggle={props.onToggle}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const Row = memo(
  function Row(props: {
    readonly trace: TraceSummary;
    readonly shortest: number;
    readonly longest: number;
    readonly isCompared: boolean;
    readonly onToggle: (traceId: string) => void;
  }) {
    const { trace, isCompared } = props;
    return (
      <tr className={styles.row} data-compared={isCompared}>
        <td className={styles.pick}>
          <label className={styles.box}>
            <input
              type="checkbox"
              checked={isCompared}
              aria-label={`Compare trace ${trace.traceId.slice(0, 8)}`}
              onChange={() => props.onToggle(trace.traceId)}
            />
          </label>
        </td>
        <td className={styles.time}>{formatTime(trace.start)}</td>
        <td className={styles.what}>
          <Link
            to="/traces/$traceId"
            params={{ traceId: trace.traceId }}
            className={styles.root}
            preload={false}
            title={trace.rootOperation.slice(0, 300)}
          >
            <ServiceName name={trace.rootService} />
            <bdi className="ellipsis">{trace.rootOperation || "(no name)"}</bdi>
            {trace.standsFor > 1 && (
              <span className={styles.sampled} title="Of so many traces like this one, one was kept">
                1 of {trace.standsFor}
              </span>
            )}
          </Link>
        </td>
        <td className={styles.duration}>
          <span className={styles.track}>
            <span
              className={styles.bar}
              data-failed={trace.errorCount > 0}
              style={{ width: `${barShare(trace.durationMs, props) * 100}%` }}
            />
          </span>
          <span className={styles.value}>{formatDuration(trace.durationMs)}</span>
        </td>
        <td className={`number ${styles.spans}`}>{trace.spanCount}</td>
        <td className={`number ${styles.errors}`}>
          {trace.errorCount > 0 ? <strong className="bad">✕ {trace.errorCount}</strong> : ""}
        </td>
        <td className={styles.services}>
          <Shares services={trace.services} total={trace.spanCount} />
        </td>
      </tr>
    );
  },
  (before, after) =>
    before.trace.traceId === after.trace.traceId &&
    before.trace.spanCount === after.trace.spanCount &&
    before.trace.errorCount === after.trace.errorCount &&
    before.trace.durationMs === after.trace.durationMs &&
    before.shortest === after.shortest &&
    before.longest === after.longest &&
    before.isCompared === after.isCompared,
);

/** Logarithmic from a third of the shortest: one slow trace shall not make all others look alike. */
function barShare(durationMs: number, scale: { readonly shortest: number; readonly longest: number }): number {
  const low = Math.log(scale.shortest / 3);
  return (Math.log(Math.max(scale.shortest, durationMs)) - low) / (Math.log(scale.longest) - low);
}

function Shares({ services, total }: { readonly services: readonly ServiceShare[]; readonly total: number }) {
  const byName = services.toSorted((a, b) => (a.service < b.service ? -1 : 1));
  const text = byName.map(({ service, spanCount }) => `${service} ${spanCount}`).join(", ");
  return (
    <span className={styles.shares} role="img" aria-label={text} title={text}>
      {byName.map(({ service, spanCount }) => (
        <span
          key={service}
          style={{ width: `${(spanCount / Math.max(1, total)) * 100}%`, background: serviceColor(service) }}
        />
      ))}
    </span>
  );
}
