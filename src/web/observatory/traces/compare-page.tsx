import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { observatory } from "../api.ts";
import { formatDuration, formatTime } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { usePhone } from "../layout/use-phone.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { serviceColor } from "../service-color.ts";
import { ServiceName } from "../service-name.tsx";
import { type AlignedRow, alignTraces } from "./align.ts";
import styles from "./compare-page.module.css";
import { buildSpanTree, type SpanNode, type SpanTree } from "./span-tree.ts";

const traceId = /^[0-9a-f]{32}$/i;

/** Two traces side by side: which steps took longer, which are missing. */
export function ComparePage() {
  usePageTitle("Compare traces");
  const { a = "", b = "" } = useSearch({ from: "/traces/compare" });
  const navigate = useNavigate({ from: "/traces/compare" });
  const left = useTree(a);
  const right = useTree(b);
  const isBoth = traceId.test(a) && traceId.test(b);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Compare traces</h1>
        <IdField label="A" value={a} onChange={(value) => void navigate({ search: { a: value, b }, replace: true })} />
        <button
          type="button"
          className="button"
          aria-label="Exchange the traces"
          title="Exchange the traces"
          onClick={() => void navigate({ search: { a: b, b: a }, replace: true })}
        >
          ⇄
        </button>
        <IdField label="B" value={b} onChange={(value) => void navigate({ search: { a, b: value }, replace: true })} />
      </div>
      {left.error && <Problem error={left.error} onRetry={() => void left.refetch()} />}
      {right.error && <Problem error={right.error} onRetry={() => void right.refetch()} />}
      {!isBoth && (
        <Nothing title="Two traces are needed">
          Paste their ids above, or tick two in the{" "}
          <Link to="/traces" className="tap">
            list of traces
          </Link>
          .
        </Nothing>
      )}
      {isBoth && left.tree && right.tree && <Comparison a={left.tree} b={right.tree} aId={a} bId={b} />}
    </div>
  );
}

function useTree(id: string) {
  const { data, error, refetch } = useLiveQuery({
    key: ["trace", id],
    ask: (call) => observatory.getTrace({ traceId: id }, call),
    enabled: traceId.test(id),
  });
  const tree = useMemo(
    () => (data?.traceId.toLowerCase() === id.toLowerCase() ? buildSpanTree(data) : undefined),
    [data, id],
  );
  return { tree, error, refetch };
}

function IdField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className={styles.id}>
      {props.label}
      <input
        key={props.value}
        className="mono"
        defaultValue={props.value}
        placeholder="trace id"
        spellCheck={false}
        maxLength={40}
        onChange={({ currentTarget }) => {
          const value = currentTarget.value.trim();
          if (value === "" || traceId.test(value)) props.onChange(value);
        }}
      />
    </label>
  );
}

function Comparison(props: { readonly a: SpanTree; readonly b: SpanTree; readonly aId: string; readonly bId: string }) {
  const { a, b } = props;
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const aligned = useMemo(() => alignTraces(a, b), [a, b]);
  const scale = Math.max(a.endNanos, b.endNanos);
  // What counts is a difference that can be seen in the whole.
  const threshold = scale * 0.01;
  const rows = onlyDifferent ? aligned.filter((row) => Math.abs(difference(row) ?? scale) > threshold) : aligned;
  const largest = Math.max(1, ...aligned.map((row) => Math.abs(difference(row) ?? 0)));
  const scroller = useRef<HTMLElement>(null);
  const rowHeight = usePhone() ? 70 : 30;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  useEffect(() => virtualizer.measure(), [rowHeight]);
  return (
    <>
      <div className={styles.summary}>
        <Summary name="A" id={props.aId} tree={a} />
        <Summary name="B" id={props.bId} tree={b} />
        <p>
          B takes <Delta nanos={b.endNanos - a.endNanos} />{" "}
          <span className="dimmed">({Math.round((b.endNanos / a.endNanos) * 100)} % of A)</span>
        </p>
        <label className={styles.only}>
          <input
            type="checkbox"
            checked={onlyDifferent}
            onChange={({ currentTarget }) => setOnlyDifferent(currentTarget.checked)}
          />
          Only differences of 1 % and more
        </label>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section ref={scroller} className={styles.scroll} aria-label="Steps of both traces" tabIndex={0}>
        <div className={styles.titles} aria-hidden>
          {["Step", "A", "B", "B − A"].map((title) => (
            <span key={title}>{title}</span>
          ))}
        </div>
        <ol className={styles.all} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            const node = row?.a ?? row?.b;
            if (!row || !node) return null;
            const delta = difference(row);
            return (
              <li
                key={index}
                className={styles.row}
                data-alone={row.a === undefined || row.b === undefined}
                style={{ transform: `translateY(${start}px)` }}
              >
                <span className={styles.step} style={{ paddingInlineStart: Math.min(row.depth, 16) * 13 }}>
                  <span className={styles.swatch} style={{ background: serviceColor(node.span.service) }} />
                  <span className={styles.service}>{node.span.service}</span>
                  <bdi className="ellipsis dimmed">{node.span.name.replace(/^[\w.]+\.(\w+\/\w+)$/, "$1")}</bdi>
                </span>
                <Bar name="A" node={row.a} scale={scale} id={props.aId} />
                <Bar name="B" node={row.b} scale={scale} id={props.bId} />
                <span className={styles.delta}>
                  {delta === undefined ? (
                    <em className="dimmed">only in {row.a ? "A" : "B"}</em>
                  ) : (
                    <>
                      <span className={styles.balance}>
                        <span
                          data-slower={delta > 0}
                          style={{
                            width: `${(Math.abs(delta) / largest) * 50}%`,
                            [delta > 0 ? "left" : "right"]: "50%",
                          }}
                        />
                      </span>
                      <Delta nanos={delta} />
                    </>
                  )}
                </span>
              </li>
            );
          })}
        </ol>
      </section>
    </>
  );
}

/** How much longer B took, in nanoseconds; undefined where one has no such step. */
function difference({ a, b }: AlignedRow): number | undefined {
  return a && b ? b.endNanos - b.startNanos - (a.endNanos - a.startNanos) : undefined;
}

function Delta({ nanos }: { readonly nanos: number }) {
  if (nanos === 0) return <span className={styles.number}>same</span>;
  return (
    <strong className={styles.number} data-slower={nanos > 0}>
      {nanos > 0 ? "+" : "−"}
      {formatDuration(Math.abs(nanos) / 1e6)}
    </strong>
  );
}

function Summary({ name, id, tree }: { readonly name: string; readonly id: string; readonly tree: SpanTree }) {
  const [root] = tree.roots;
  return (
    <p className={styles.trace}>
      <strong>{name}</strong>
      <Link to="/traces/$traceId" params={{ traceId: id }} className="tap">
        {root ? <ServiceName name={root.span.service} /> : id}
      </Link>
      <bdi className="ellipsis">{root?.span.name}</bdi>
      <span className={`dimmed ${styles.facts}`}>
        {formatDuration(tree.endNanos / 1e6)}, {tree.all.length} spans,{" "}
        {formatTime(Number(tree.epochNanos / 1_000_000n))}
      </span>
    </p>
  );
}

function Bar({
  name,
  node,
  scale,
  id,
}: {
  readonly name: string;
  readonly node: SpanNode | undefined;
  readonly scale: number;
  readonly id: string;
}) {
  if (!node) return <span className={styles.cell} />;
  const duration = formatDuration((node.endNanos - node.startNanos) / 1e6);
  return (
    <span className={styles.cell}>
      <span className={styles.track}>
        <span
          className={styles.bar}
          data-failed={node.span.isError}
          style={{
            left: `${(node.startNanos / scale) * 100}%`,
            width: `max(2px, ${((node.endNanos - node.startNanos) / scale) * 100}%)`,
            background: serviceColor(node.span.service),
          }}
        />
      </span>
      <Link
        to="/traces/$traceId"
        params={{ traceId: id }}
        search={{ span: node.span.spanId }}
        preload={false}
        className={`tap ${styles.value}`}
      >
        <span className={styles.side} aria-hidden>
          {name}
        </span>
        {node.span.isError && "✕ "}
        {duration}
      </Link>
    </span>
  );
}
