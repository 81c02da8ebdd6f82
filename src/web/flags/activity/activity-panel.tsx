import { VisuallyHidden } from "@mantine/core";
import { Writer } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { formatTime } from "../live/format-time.ts";
import { useWatched } from "../live/watch.ts";
import styles from "./activity-panel.module.css";

const writers: ReadonlyMap<Writer, string> = new Map([
  [Writer.PAGE, "page"],
  [Writer.CLI, "command line"],
  [Writer.SCHEDULER, "scheduler"],
  [Writer.SCENARIO, "scenario"],
  [Writer.FILE, "in the file"],
]);

/** Who has changed what, newest first. */
export function ActivityPanel() {
  const activities = useWatched((all) => all.now?.activities);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <aside className={styles.panel} aria-label="Activity" tabIndex={0}>
      <h2>Activity</h2>
      {activities?.length === 0 && <p className="dimmed">Nobody has changed a flag yet.</p>}
      <ol className={styles.list}>
        {activities?.map(({ id, time, writer, key, from, to, note }) => (
          <li key={String(id)} className={styles.entry}>
            <span className={styles.head}>
              <time>{formatTime(time)}</time>
              <span className={styles.writer}>{writers.get(writer) ?? "API"}</span>
            </span>
            <span>
              {key !== "" && <code className={styles.key}>{key}</code>}{" "}
              {from !== to && (
                <>
                  {from !== "" && `${from} `}
                  <span aria-hidden>→</span>
                  <VisuallyHidden>to</VisuallyHidden> <strong>{to || "nothing"}</strong>
                </>
              )}{" "}
              {note !== "" && <span className="dimmed">{note}</span>}
            </span>
          </li>
        ))}
      </ol>
    </aside>
  );
}
