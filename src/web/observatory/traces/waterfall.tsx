import { VisuallyHidden } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { formatDuration } from "../format.ts";
import { usePhone } from "../layout/use-phone.ts";
import { serviceColor } from "../service-color.ts";
import { Overview } from "./overview.tsx";
import { nanosOf, type SpanNode, type SpanTree, visibleRows } from "./span-tree.ts";
import styles from "./waterfall.module.css";

const lineHeight = 28;
/** On a phone the bar is below the name, and a row as high as a finger is wide. */
const touchHeight = 46;
/** Deeper spans are drawn no further to the right: the names would leave their column. */
const deepestIndent = 18;
const indent = 13;
const touchIndent = 8;

/** The part of the trace that is shown, nanoseconds since its start. */
export type Window = { readonly from: number; readonly to: number };

/**
 * The spans as a tree beside their bars. The tree is one stop of the tab key: arrows move, left and right close and
 * open, Enter shows the details.
 */
export function Waterfall(props: {
  readonly tree: SpanTree;
  readonly find: string;
  readonly selectedId: string | undefined;
  readonly onSelect: (spanId: string | undefined) => void;
}) {
  const { tree, find, selectedId, onSelect } = props;
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [onlyCritical, setOnlyCritical] = useState(false);
  const [zoom, setZoom] = useState<Window>();
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = usePhone();
  const rowHeight = isPhone ? touchHeight : lineHeight;
  const shown = zoom ?? { from: 0, to: tree.endNanos };

  const wanted = find.trim().toLowerCase();
  const rows = useMemo(() => {
    if (wanted === "" && !onlyCritical) return visibleRows(tree, collapsed);
    return tree.all.filter((node) => (!onlyCritical || node.span.isCritical) && (wanted === "" || fits(node, wanted)));
  }, [tree, collapsed, wanted, onlyCritical]);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  useEffect(() => virtualizer.measure(), [rowHeight]);
  const cursor = rows.findIndex(({ span }) => span.spanId === selectedId);

  // An address that names a span opens at it.
  useEffect(() => {
    if (cursor >= 0) virtualizer.scrollToIndex(cursor, { align: "auto" });
  }, [selectedId]);

  const toggle = (node: SpanNode, isOpen: boolean) =>
    setCollapsed((before) => {
      const after = new Set(before);
      if (isOpen) after.delete(node.span.spanId);
      else after.add(node.span.spanId);
      return after;
    });

  const onKeyDown = (event: React.KeyboardEvent) => {
    const node = rows[cursor];
    const go = (index: number) => onSelect(rows[Math.max(0, Math.min(rows.length - 1, index))]?.span.spanId);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    switch (event.key) {
      case "ArrowDown":
        go(cursor + 1);
        break;
      case "ArrowUp":
        go(cursor < 0 ? 0 : cursor - 1);
        break;
      case "PageDown":
        go(cursor + page);
        break;
      case "PageUp":
        go(cursor - page);
        break;
      case "Home":
        go(0);
        break;
      case "End":
        go(rows.length - 1);
        break;
      case "ArrowRight":
        if (node && collapsed.has(node.span.spanId)) toggle(node, true);
        else if (node?.children.length) go(cursor + 1);
        break;
      case "ArrowLeft":
        if (node && node.children.length > 0 && !collapsed.has(node.span.spanId)) toggle(node, false);
        else if (node?.parent) onSelect(node.parent.span.spanId);
        break;
      case "Escape":
        onSelect(undefined);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <section className={styles.waterfall} aria-label="Spans">
      <div className={styles.head}>
        <div className={styles.tools}>
          <button
            type="button"
            className="button"
            aria-pressed={onlyCritical}
            onClick={() => setOnlyCritical(!onlyCritical)}
            title="Only the spans that decide how long the trace takes"
          >
            <span className={styles.criticalSample} />
            Critical path
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              setCollapsed(
                collapsed.size > 0 ? new Set() : new Set(tree.all.filter(isBranch).map(({ span }) => span.spanId)),
              )
            }
          >
            {collapsed.size > 0 ? "Open all" : "Close all"}
          </button>
          {zoom && (
            <button type="button" className="button" onClick={() => setZoom(undefined)}>
              Whole trace
            </button>
          )}
        </div>
        <div className={styles.scale}>
          <Overview tree={tree} shown={shown} onZoom={setZoom} />
          <Ruler shown={shown} />
        </div>
      </div>
      <div
        ref={scroller}
        className={styles.rows}
        role="tree"
        tabIndex={0}
        aria-label="Spans of the trace"
        aria-activedescendant={cursor >= 0 ? rowId(rows[cursor]) : undefined}
        onKeyDown={onKeyDown}
      >
        <div style={{ height: virtualizer.getTotalSize() }} className={styles.all} role="presentation">
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const node = rows[index];
            if (!node) return null;
            return (
              <Row
                key={node.span.spanId}
                node={node}
                tree={tree}
                top={start}
                indent={isPhone ? touchIndent : indent}
                from={shown.from}
                to={shown.to}
                isOpen={!collapsed.has(node.span.spanId)}
                isSelected={index === cursor}
                onSelect={onSelect}
                onToggle={toggle}
              />
            );
          })}
        </div>
        {rows.length === 0 && <p className={styles.none}>No span of this trace fits.</p>}
      </div>
    </section>
  );
}

function isBranch(node: SpanNode): boolean {
  return node.children.length > 0 && node.depth > 0;
}

function rowId(node: SpanNode | undefined): string | undefined {
  return node && `span-${node.span.spanId}`;
}

function fits({ span }: SpanNode, wanted: string): boolean {
  return (
    span.name.toLowerCase().includes(wanted) ||
    span.service.toLowerCase().includes(wanted) ||
    span.spanId === wanted ||
    Object.values(span.attributes ?? {}).some((value) => String(value).toLowerCase().includes(wanted))
  );
}

type RowProps = {
  readonly node: SpanNode;
  readonly tree: SpanTree;
  readonly top: number;
  readonly indent: number;
  readonly from: number;
  readonly to: number;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (spanId: string) => void;
  readonly onToggle: (node: SpanNode, isOpen: boolean) => void;
};

const Row = memo(
  function Row(props: RowProps) {
    const { node, tree, from, to, isOpen, isSelected } = props;
    const { span, children } = node;
    const percent = (nanos: number) => ((nanos - from) / (to - from)) * 100;
    const left = percent(node.startNanos);
    const right = percent(node.endNanos);
    const isLabelLeft = right > 78 && left > 14;
    // Clear of the records at the bar's end.
    const logs = node.logs.map((log) => percent(Number(nanosOf(log.time) - tree.epochNanos)));
    const labelLeft = Math.max(right, left + 0.2, ...logs.filter((at) => at < right + 6));
    return (
      <div
        id={rowId(node)}
        role="treeitem"
        tabIndex={-1}
        aria-level={node.depth + 1}
        aria-selected={isSelected}
        aria-expanded={children.length > 0 ? isOpen : undefined}
        className={styles.row}
        style={{ transform: `translateY(${props.top}px)` }}
        onClick={() => props.onSelect(span.spanId)}
        // The tree has the keyboard.
        onKeyDown={() => {}}
      >
        <div
          className={styles.name}
          style={{ paddingInlineStart: 8 + Math.min(node.depth, deepestIndent) * props.indent }}
        >
          {children.length > 0 ? (
            // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the tree has arrow keys
            // biome-ignore lint/a11y/useKeyWithClickEvents: as above
            <span
              className={styles.toggle}
              data-open={isOpen}
              onClick={(event) => {
                event.stopPropagation();
                props.onToggle(node, !isOpen);
              }}
            >
              <svg viewBox="0 0 10 10" width="9" height="9" aria-hidden>
                <path d="M2 1l6 4-6 4z" fill="currentColor" />
              </svg>
              {!isOpen && <small>{node.descendants}</small>}
            </span>
          ) : (
            <span className={styles.toggle} />
          )}
          <span className={styles.swatch} style={{ background: serviceColor(span.service) }} />
          {span.isError && <strong className="bad">✕</strong>}
          <span className={styles.service}>{span.service}</span>
          <bdi className={styles.operation}>{shortName(span.name)}</bdi>
          <VisuallyHidden>
            {span.isError && "failed "}
            {span.isCritical && "on the critical path"}
          </VisuallyHidden>
        </div>
        <div className={styles.track}>
          <div
            className={styles.bar}
            data-failed={span.isError}
            style={{ left: `${left}%`, width: `max(2px, ${right - left}%)`, background: serviceColor(span.service) }}
          />
          {node.critical.map(([start, end]) => (
            <div
              key={start}
              className={styles.critical}
              style={{ left: `${percent(start)}%`, width: `max(1px, ${percent(end) - percent(start)}%)` }}
            />
          ))}
          {node.logs.map((log, index) => (
            <span
              key={index}
              className={styles.log}
              data-severity={log.severityNumber >= 17 ? "error" : log.severityNumber >= 13 ? "warning" : "info"}
              style={{ left: `${logs[index] ?? 0}%` }}
              title={`${log.eventName} ${log.body}`.slice(0, 300)}
            />
          ))}
          <span
            className={styles.duration}
            style={
              isLabelLeft
                ? { right: `calc(${100 - left}% + 6px)` }
                : { left: `calc(${labelLeft}% + ${labelLeft > right ? 9 : 6}px)` }
            }
          >
            {formatDuration(Number(span.durationNanos) / 1e6)}
          </span>
        </div>
      </div>
    );
  },
  (before, after) =>
    before.node === after.node &&
    before.top === after.top &&
    before.indent === after.indent &&
    before.from === after.from &&
    before.to === after.to &&
    before.isOpen === after.isOpen &&
    before.isSelected === after.isSelected,
);

/** RPC methods without their package: the service stands beside it. */
function shortName(name: string): string {
  return name.replace(/^[\w.]+\.(\w+\/\w+)$/, "$1") || "(no name)";
}

function Ruler({ shown: { from, to } }: { readonly shown: Window }) {
  const step = niceStep((to - from) / 5);
  const first = Math.ceil(from / step) * step;
  const ticks = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, index) => first + index * step);
  return (
    <div className={styles.ruler} aria-hidden>
      {ticks.map((tick) => (
        <span key={tick} style={{ left: `${((tick - from) / (to - from)) * 100}%` }}>
          {formatDuration(tick / 1e6)}
        </span>
      ))}
    </div>
  );
}

/** The next of 1, 2, 5, 10, ... above. */
function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
}
