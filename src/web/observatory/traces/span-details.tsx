import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { Link } from "@tanstack/react-router";
import { SpanKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatTime } from "../format.ts";
import { DetailsPanel } from "../layout/details-panel.tsx";
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
    <DetailsPanel label="Span" title={<bdi>{span.name.slice(0, 500) || "(no name)"}</bdi>} onClose={onClose}>
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
      {Object.keys(span.attributes ?? {}).length > 0 && (
        <section>
          <h3>Attributes</h3>
          <Pairs attributes={span.attributes} service={span.service} />
        </section>
      )}
      <Moments
        title="Logs"
        moments={node.logs.map((log) => ({
          atNanos: Number(nanosOf(log.time) - tree.epochNanos),
          title: (
            <>
              <strong className={log.severityNumber >= 17 ? "bad" : undefined}>{log.severity}</strong>{" "}
              {log.eventName && <code>{log.eventName}</code>}
            </>
          ),
          text: log.body,
          attributes: log.attributes,
        }))}
      />
      <Moments
        title="Events"
        moments={span.events.map((event) => ({
          atNanos: Number(event.offsetNanos),
          title: <strong>{event.name}</strong>,
          attributes: event.attributes,
        }))}
      />
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
      <details className={styles.resource}>
        <summary>Resource</summary>
        <Pairs attributes={span.resource} />
      </details>
      <p className="dimmed">
        Span <code>{span.spanId}</code>, started {formatTime(span.start)}
      </p>
    </DetailsPanel>
  );
}

/** What happened during the span, with its time since the trace began. */
function Moments(props: {
  readonly title: string;
  readonly moments: readonly {
    readonly atNanos: number;
    readonly title: React.ReactNode;
    readonly text?: string;
    readonly attributes: JsonObject | undefined;
  }[];
}) {
  if (props.moments.length === 0) return null;
  return (
    <section>
      <h3>{props.title}</h3>
      <ul className={styles.list}>
        {props.moments.map(({ atNanos, title, text, attributes }, index) => (
          <li key={index}>
            <p>
              <span className="dimmed">+{formatDuration(atNanos / 1e6)}</span> {title}
            </p>
            {text && <p className={styles.text}>{text}</p>}
            <Pairs attributes={attributes} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Attributes as pairs; those of a service's span lead to spans that have the same. */
export function Pairs(props: { readonly attributes: JsonObject | undefined; readonly service?: string }) {
  const entries = Object.entries(props.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <table className={styles.attributes}>
      <tbody>
        {entries.map(([key, value]) => {
          const text = <bdi>{valueText(value)}</bdi>;
          return (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>
                {props.service === undefined ? (
                  text
                ) : (
                  <Link
                    to="/traces"
                    search={{ service: props.service, attributes: attributeTerm(key, valueText(value)) }}
                    title="Find spans like this"
                    className="tap"
                  >
                    {text}
                  </Link>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** An attribute's value as text: what is no text is written as JSON. */
function valueText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
