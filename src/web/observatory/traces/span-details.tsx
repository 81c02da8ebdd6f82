import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { Link } from "@tanstack/react-router";
import { SpanKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatTime } from "../format.ts";
import { ServiceName } from "../service-name.tsx";
import { attributeTerm } from "./attribute-filter.ts";
import styles from "./span-details.module.css";
import { nanosOf, type SpanNode, type SpanTree, selfNanos } from "./span-tree.ts";

const kinds: Readonly<Record<SpanKind, string>> = {
  [SpanKind.UNSPECIFIED]: "unknown kind",
  [SpanKind.INTERNAL]: "internal",
  [SpanKind.SERVER]: "server",
  [SpanKind.CLIENT]: "client",
  [SpanKind.PRODUCER]: "producer",
  [SpanKind.CONSUMER]: "consumer",
};

/** Everything that is known of one span. */
export function SpanDetails(props: {
  readonly node: SpanNode;
  readonly tree: SpanTree;
  readonly traceId: string;
  readonly onClose: () => void;
}) {
  const { node, tree, traceId, onClose } = props;
  const { span } = node;
  return (
    <aside className={styles.details} aria-label="Span">
      <div className={styles.head}>
        <h2>
          <bdi>{span.name.slice(0, 500) || "(no name)"}</bdi>
        </h2>
        <button type="button" className={styles.close} onClick={onClose} aria-label="Close">
          ✕
        </button>
      </div>
      <p className={styles.facts}>
        <ServiceName name={span.service} />
        <span className="dimmed">{kinds[span.kind]}</span>
        {span.isCritical && <span className={styles.critical}>on the critical path</span>}
      </p>
      {span.isError && (
        <p className={styles.failed}>
          <strong>✕ Failed.</strong> {span.statusMessage}
        </p>
      )}
      <dl className={styles.times}>
        <div>
          <dt>Duration</dt>
          <dd>{formatDuration(Number(span.durationNanos) / 1e6)}</dd>
        </div>
        <div>
          <dt>Own time</dt>
          <dd>{formatDuration(selfNanos(node) / 1e6)}</dd>
        </div>
        <div>
          <dt>Starts at</dt>
          <dd>+{formatDuration(node.startNanos / 1e6)}</dd>
        </div>
      </dl>
      <AttributeTable title="Attributes" attributes={span.attributes} service={span.service} />
      {node.logs.length > 0 && (
        <section>
          <h3>Logs</h3>
          <ul className={styles.list}>
            {node.logs.map((log, index) => (
              <li key={index}>
                <p>
                  <span className="dimmed">+{formatDuration(Number(nanosOf(log.time) - tree.epochNanos) / 1e6)}</span>{" "}
                  <strong className={log.severityNumber >= 17 ? "bad" : undefined}>{log.severity}</strong>{" "}
                  {log.eventName && <code>{log.eventName}</code>}
                </p>
                <p className={styles.text}>{log.body}</p>
                <Pairs attributes={log.attributes} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {span.events.length > 0 && (
        <section>
          <h3>Events</h3>
          <ul className={styles.list}>
            {span.events.map((event, index) => (
              <li key={index}>
                <p>
                  <span className="dimmed">+{formatDuration(Number(event.offsetNanos) / 1e6)}</span>{" "}
                  <strong>{event.name}</strong>
                </p>
                <Pairs attributes={event.attributes} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {span.links.length > 0 && (
        <section>
          <h3>Links</h3>
          <ul className={styles.list}>
            {span.links.map((link) => (
              <li key={`${link.traceId} ${link.spanId}`}>
                <Link to="/traces/$traceId" params={{ traceId: link.traceId }} search={{ span: link.spanId }}>
                  {link.traceId === traceId ? "span of this trace" : "another trace"}
                </Link>{" "}
                <code>{link.spanId}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      <details>
        <summary>Resource</summary>
        <Pairs attributes={span.resource} />
      </details>
      <p className="dimmed">
        Span <code>{span.spanId}</code>, started {formatTime(span.start)}
      </p>
    </aside>
  );
}

function AttributeTable(props: {
  readonly title: string;
  readonly attributes: JsonObject | undefined;
  readonly service: string;
}) {
  const entries = Object.entries(props.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>{props.title}</h3>
      <table className={styles.attributes}>
        <tbody>
          {entries.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>
                <Link
                  to="/traces"
                  search={{ service: props.service, attributes: attributeTerm(key, valueText(value)) }}
                  title="Find spans like this"
                >
                  <bdi>{valueText(value)}</bdi>
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Attributes as plain pairs. */
export function Pairs({ attributes }: { readonly attributes: JsonObject | undefined }) {
  const entries = Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <table className={styles.attributes}>
      <tbody>
        {entries.map(([key, value]) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td>
              <bdi>{valueText(value)}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** An attribute's value as text: what is no text is written as JSON. */
function valueText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
