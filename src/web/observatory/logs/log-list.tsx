import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef, useState } from "react";
import type { LogRecord } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatTime } from "../format.ts";
import { usePhone } from "../layout/use-phone.ts";
import { ServiceName } from "../service-name.tsx";
import { Pairs } from "../traces/span-details.tsx";
import styles from "./log-list.module.css";

/** Records as lines, newest first; one opens to everything that it carries. */
export function LogList(props: {
  readonly records: readonly LogRecord[];
  readonly onService: (service: string) => void;
}) {
  const { records } = props;
  const [open, setOpen] = useState<LogRecord>();
  const scroller = useRef<HTMLElement>(null);
  const isPhone = usePhone();
  const virtualizer = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (isPhone ? 52 : 30),
    getItemKey: (index) => keyOf(records[index], index),
    overscan: 15,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section ref={scroller} className={`panel ${styles.list}`} aria-label="Records" tabIndex={0}>
      <ol style={{ height: virtualizer.getTotalSize() }} className={styles.all}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const record = records[index];
          if (!record) return null;
          const isOpen = record === open;
          return (
            <li
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              className={styles.item}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Line record={record} isOpen={isOpen} onToggle={() => setOpen(isOpen ? undefined : record)} />
              {isOpen && <Details record={record} />}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function keyOf(record: LogRecord | undefined, index: number): string {
  // Records have no id; two that agree in all of this look the same anyway.
  return record
    ? `${record.time?.seconds}.${record.time?.nanos} ${record.service} ${record.spanId} ${record.body.slice(0, 60)}`
    : `${index}`;
}

const Line = memo(
  function Line(props: { readonly record: LogRecord; readonly isOpen: boolean; readonly onToggle: () => void }) {
    const { record } = props;
    return (
      <div className={styles.line} data-severity={severityOf(record)}>
        <button type="button" className={styles.open} aria-expanded={props.isOpen} onClick={props.onToggle}>
          <span className={styles.time}>{formatTime(record.time)}</span>
          <span className={styles.severity}>{record.severity || record.severityNumber}</span>
          <span className={styles.service}>
            <ServiceName name={record.service} />
          </span>
          <span className={styles.text}>
            {record.eventName && <code>{record.eventName}</code>} <bdi>{record.body.slice(0, 400)}</bdi>{" "}
            <bdi className="dimmed">{brief(record.attributes)}</bdi>
          </span>
        </button>
        {record.traceId && (
          <Link
            to="/traces/$traceId"
            params={{ traceId: record.traceId }}
            search={record.spanId ? { span: record.spanId } : {}}
            preload={false}
            className={`tap ${styles.trace}`}
          >
            trace
          </Link>
        )}
      </div>
    );
  },
  (before, after) => before.record === after.record && before.isOpen === after.isOpen,
);

function Details({ record }: { readonly record: LogRecord }) {
  return (
    <div className={styles.details}>
      <pre>{record.body}</pre>
      <Pairs attributes={record.attributes} />
      <p className="dimmed">
        {record.eventName && (
          <>
            <Link to="/logs" search={{ event: record.eventName }} className="tap">
              All of this event
            </Link>
            {" · "}
          </>
        )}
        {record.traceId && (
          <>
            <Link to="/logs" search={{ trace: record.traceId }} className="tap">
              All of this trace
            </Link>
            {" · "}
            <code>{record.traceId}</code>
          </>
        )}
      </p>
    </div>
  );
}

/** The first attributes in a line. */
function brief(attributes: LogRecord["attributes"]): string {
  return Object.entries(attributes ?? {})
    .filter(([key]) => !contextKeys.has(key))
    .slice(0, 8)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("  ")
    .slice(0, 300);
}

/** On nearly every record, and long. */
const contextKeys: ReadonlySet<string> = new Set(["session.id", "enduser.id"]);

function severityOf(record: LogRecord): "error" | "warning" | "info" {
  return record.severityNumber >= 17 ? "error" : record.severityNumber >= 13 ? "warning" : "info";
}
