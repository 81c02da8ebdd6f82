import { Code, ConnectError } from "@connectrpc/connect";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import type { GetTraceResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { formatDuration, formatTime } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { storeNow } from "../live/watch.ts";
import { ServiceName } from "../service-name.tsx";
import { SpanDetails } from "./span-details.tsx";
import { buildSpanTree, type SpanTree, selfNanos } from "./span-tree.ts";
import styles from "./trace-page.module.css";
import { Waterfall } from "./waterfall.tsx";

/** A trace that is younger than this may still grow: consumers and late services add to it. */
const growsForMs = 30_000;

/** One trace: where its time went. */
export function TracePage() {
  const { traceId } = useParams({ from: "/traces/$traceId" });
  usePageTitle(`Trace ${traceId.slice(0, 8)}`);
  const [isYoung, setYoung] = useState(true);
  const known = useRef<GetTraceResponse>(undefined);
  const { data, error, refetch } = useLiveQuery({
    key: ["trace", traceId],
    ask: async (call) => {
      const trace = await observatory.getTrace({ traceId }, call);
      const started = Number(trace.spans[0]?.start?.seconds ?? 0n) * 1000;
      setYoung(storeNow() - started < growsForMs);
      // A trace that has not grown is not laid out again: thousands of rows would stutter.
      if (known.current === undefined || !isSame(known.current, trace)) known.current = trace;
      return known.current;
    },
    everyMs: isYoung ? 2000 : undefined,
  });
  const tree = useMemo(() => data && buildSpanTree(data), [data]);
  if (error && !data) {
    const { code } = ConnectError.from(error);
    if (code === Code.NotFound || code === Code.InvalidArgument) {
      return (
        <Nothing title={code === Code.NotFound ? "The store does not have this trace" : "This is no trace id"}>
          {code === Code.NotFound
            ? "It has not arrived yet, or it was dropped to make room for newer ones."
            : "A trace id has 32 hexadecimal digits."}{" "}
          <Link to="/traces" className="tap">
            Search traces
          </Link>
        </Nothing>
      );
    }
    return <Problem error={error} onRetry={() => void refetch()} />;
  }
  if (!tree || data?.traceId.toLowerCase() !== traceId.toLowerCase()) return <Nothing title="Fetching the trace" />;
  return <Trace traceId={traceId} tree={tree} isTruncated={data.isTruncated} standsFor={data.standsFor} />;
}

function isSame(a: GetTraceResponse, b: GetTraceResponse): boolean {
  return a.traceId === b.traceId && a.spans.length === b.spans.length && a.logs.length === b.logs.length;
}

function Trace(props: {
  readonly traceId: string;
  readonly tree: SpanTree;
  readonly isTruncated: boolean;
  readonly standsFor: number;
}) {
  const { traceId, tree } = props;
  const { span: selectedId, find = "" } = useSearch({ from: "/traces/$traceId" });
  const navigate = useNavigate({ from: "/traces/$traceId" });
  const select = (span: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, span }), replace: true, resetScroll: false });
  const services = useMemo(() => selfTimes(tree), [tree]);
  const selected = selectedId === undefined ? undefined : tree.byId.get(selectedId);
  const errors = tree.all.filter(({ span }) => span.isError).length;
  const [root] = tree.roots;
  const logCount = tree.looseLogs.length + tree.all.reduce((count, { logs }) => count + logs.length, 0);

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.title}>
          {root && <ServiceName name={root.span.service} />}
          <h1 className="ellipsis" title={root?.span.name.slice(0, 300)}>
            {root?.span.name || "(no name)"}
          </h1>
        </div>
        <dl className={styles.facts}>
          <Fact name="Trace">
            <code>{traceId}</code>
          </Fact>
          <Fact name="Start">{formatTime(Number(tree.epochNanos / 1000n) / 1000)}</Fact>
          <Fact name="Duration">{formatDuration(tree.endNanos / 1e6)}</Fact>
          <Fact name="Spans">{tree.all.length.toLocaleString("en")}</Fact>
          <Fact name="Errors">{errors > 0 ? <span className="bad">✕ {errors}</span> : "none"}</Fact>
          {props.standsFor > 1 && (
            <Fact name="Sampled">
              <span title="Of so many traces like this one, one was kept">1 of {props.standsFor}</span>
            </Fact>
          )}
          <Fact name="Logs">
            {logCount > 0 ? (
              <Link to="/logs" search={{ trace: traceId, range: "all" }} className="tap">
                {logCount}
              </Link>
            ) : (
              "none"
            )}
          </Fact>
        </dl>
        <div className={styles.tools}>
          <input
            type="search"
            aria-label="Find spans in this trace"
            placeholder="Find spans"
            value={find}
            onChange={({ currentTarget }) =>
              void navigate({
                search: (before) => ({ ...before, find: currentTarget.value || undefined }),
                replace: true,
                resetScroll: false,
              })
            }
          />
          <CopyButton text={traceId} />
          <Link className="button" to="/traces/compare" search={{ a: traceId }}>
            Compare
          </Link>
        </div>
        <ul className={styles.services} aria-label="Own time of each service">
          {services.map(({ service, share, nanos }) => (
            <li key={service} title={`${service}: ${formatDuration(nanos / 1e6)} own time`}>
              <ServiceName name={service} />{" "}
              <span className="dimmed">{share < 0.01 ? "<1" : Math.round(share * 100)} %</span>
            </li>
          ))}
        </ul>
      </header>
      {props.isTruncated && (
        <p role="note" className={styles.note}>
          This trace has more spans than are shown here. SQL sees all of them.
        </p>
      )}
      <div className={styles.split}>
        <Waterfall tree={tree} find={find} selectedId={selected?.span.spanId} onSelect={select} />
        {selected && (
          <SpanDetails
            key={selected.span.spanId}
            node={selected}
            tree={tree}
            traceId={traceId}
            onClose={() => select(undefined)}
          />
        )}
      </div>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CopyButton({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="button"
      onClick={() =>
        void navigator.clipboard.writeText(text).then(() => {
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        })
      }
    >
      {isCopied ? "Copied" : "Copy id"}
    </button>
  );
}

function selfTimes(tree: SpanTree) {
  const times = new Map<string, number>();
  let total = 0;
  for (const node of tree.all) {
    const nanos = selfNanos(node);
    total += nanos;
    times.set(node.span.service, (times.get(node.span.service) ?? 0) + nanos);
  }
  return [...times]
    .map(([service, nanos]) => ({ service, nanos, share: total === 0 ? 0 : nanos / total }))
    .sort((a, b) => b.nanos - a.nanos);
}
