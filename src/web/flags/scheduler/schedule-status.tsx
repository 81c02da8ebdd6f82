import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Schedule } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { formatSpan, formatTime } from "../live/format-time.ts";
import { useNow } from "../live/use-now.ts";
import styles from "./schedule-status.module.css";

/** What the scheduler does now, and has done. */
export function ScheduleStatus({ schedule }: { readonly schedule: Schedule }) {
  const { isRunning, settings, intervalNumber, active, planned, next, history } = schedule;
  const now = useNow();
  return (
    <section className={`panel ${styles.status}`} aria-label="Status">
      <p className={styles.state}>
        <span className={styles.badge} data-running={isRunning}>
          {isRunning ? "running" : "stopped"}
        </span>
        {isRunning && (
          <span>
            interval {String(intervalNumber)}, seed {settings?.seed}
          </span>
        )}
      </p>
      {(isRunning || active.length > 0) && (
        <>
          <p>
            On now: {active.length} of {planned} in this interval.{" "}
            {active.length === 0 && next !== undefined && (
              <>
                The next one in <span className={styles.count}>{formatSpan(timestampMs(next) - now)}</span>.
              </>
            )}
          </p>
          <ul className={styles.active}>
            {active.map(({ key, variant, until }) => (
              <li key={key}>
                <code>{key}</code> = {variant}, for another{" "}
                <span className={styles.count}>{formatSpan((until ? timestampMs(until) : now) - now)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {history.length > 0 && (
        <details>
          <summary>The last {history.length}</summary>
          <section className="scroll-x" aria-label="The last ones">
            <table className={styles.history}>
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col">Flag</th>
                  <th scope="col">Variant</th>
                  <th scope="col">For</th>
                  <th scope="col">Then</th>
                </tr>
              </thead>
              <tbody>
                {history.map(({ key, variant, from, until, isLeft }) => (
                  <tr key={`${key} ${from?.seconds} ${from?.nanos}`}>
                    <td>{formatTime(from, now)}</td>
                    <td>
                      <code>{key}</code>
                    </td>
                    <td>{variant}</td>
                    <td>{from && until ? formatSpan(timestampMs(until) - timestampMs(from)) : ""}</td>
                    <td>{isLeft ? "left, as somebody had changed it" : "reverted"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </details>
      )}
    </section>
  );
}
