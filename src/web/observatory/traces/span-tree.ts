import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { GetTraceResponse, LogRecord, Span } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** A span in its place. Times are nanoseconds since the trace's first start. */
export type SpanNode = {
  readonly span: Span;
  readonly startNanos: number;
  readonly endNanos: number;
  readonly depth: number;
  readonly parent: SpanNode | undefined;
  readonly children: SpanNode[];
  /** How many spans there are below it. */
  descendants: number;
  readonly logs: LogRecord[];
  /** The parts of it during which it decided the trace's duration itself, and not one of its children. */
  critical: readonly (readonly [number, number])[];
};

export type SpanTree = {
  /** Those without a parent in the trace, by start. */
  readonly roots: readonly SpanNode[];
  /** Parents before children, siblings by start. */
  readonly all: readonly SpanNode[];
  readonly byId: ReadonlyMap<string, SpanNode>;
  readonly endNanos: number;
  /** The trace's first start, nanoseconds since 1970. */
  readonly epochNanos: bigint;
  /** Log records of the trace that belong to none of its spans. */
  readonly looseLogs: readonly LogRecord[];
};

export function nanosOf(time: Timestamp | undefined): bigint {
  return time ? time.seconds * 1_000_000_000n + BigInt(time.nanos) : 0n;
}

/**
 * Puts the spans of a trace below their parents. A span whose parent is missing, or that would close a circle, is
 * a root. Walks with a stack of its own: a chain of thousands of spans is no reason to overflow.
 */
export function buildSpanTree(trace: Pick<GetTraceResponse, "spans" | "logs">): SpanTree {
  const spans = new Map(trace.spans.map((span) => [span.spanId, span]));
  const childrenOf = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of spans.values()) {
    if (span.parentSpanId === "" || span.parentSpanId === span.spanId || !spans.has(span.parentSpanId)) {
      roots.push(span);
      continue;
    }
    const siblings = childrenOf.get(span.parentSpanId);
    if (siblings) siblings.push(span);
    else childrenOf.set(span.parentSpanId, [span]);
  }

  const all: SpanNode[] = [];
  const byId = new Map<string, SpanNode>();
  const rootNodes: SpanNode[] = [];
  const place = (span: Span, parent: SpanNode | undefined): void => {
    const pending: { span: Span; parent: SpanNode | undefined }[] = [{ span, parent }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (byId.has(next.span.spanId)) continue;
      const startNanos = Number(next.span.startOffsetNanos);
      const node: SpanNode = {
        span: next.span,
        startNanos,
        endNanos: startNanos + Number(next.span.durationNanos),
        depth: next.parent ? next.parent.depth + 1 : 0,
        parent: next.parent,
        children: [],
        descendants: 0,
        logs: [],
        critical: [],
      };
      byId.set(next.span.spanId, node);
      all.push(node);
      (next.parent?.children ?? rootNodes).push(node);
      for (const child of (childrenOf.get(next.span.spanId) ?? []).sort(byStart).reverse()) {
        pending.push({ span: child, parent: node });
      }
    }
  };
  for (const span of roots.sort(byStart)) place(span, undefined);
  // Only circles are left: they have no root of their own.
  for (const span of spans.values()) if (!byId.has(span.spanId)) place(span, undefined);

  for (const node of all.toReversed()) {
    if (node.parent) node.parent.descendants += node.descendants + 1;
    if (node.span.isCritical) node.critical = ownParts(node);
  }

  const looseLogs: LogRecord[] = [];
  for (const log of trace.logs) (byId.get(log.spanId)?.logs ?? looseLogs).push(log);

  const [first] = trace.spans;
  return {
    roots: rootNodes,
    all,
    byId,
    endNanos: all.reduce((end, node) => Math.max(end, node.endNanos), 1),
    epochNanos: first ? nanosOf(first.start) - first.startOffsetNanos : 0n,
    looseLogs,
  };
}

function byStart(a: Span, b: Span): number {
  return Number(a.startOffsetNanos - b.startOffsetNanos);
}

/** A span's time without that of its critical children. */
function ownParts(node: SpanNode): [number, number][] {
  const parts: [number, number][] = [];
  let from = node.startNanos;
  for (const child of node.children) {
    if (!child.span.isCritical) continue;
    if (child.startNanos > from) parts.push([from, Math.min(child.startNanos, node.endNanos)]);
    from = Math.max(from, child.endNanos);
  }
  if (from < node.endNanos) parts.push([from, node.endNanos]);
  return parts;
}

/** The rows to show: everything except what lies below a collapsed span. */
export function visibleRows(tree: SpanTree, collapsed: ReadonlySet<string>): readonly SpanNode[] {
  if (collapsed.size === 0) return tree.all;
  const rows: SpanNode[] = [];
  for (let index = 0; index < tree.all.length; index++) {
    const node = tree.all[index];
    if (!node) break;
    rows.push(node);
    if (collapsed.has(node.span.spanId)) index += node.descendants;
  }
  return rows;
}

/** The time of a span that none of its children covers, in nanoseconds. */
export function selfNanos(node: SpanNode): number {
  let covered = 0;
  let until = node.startNanos;
  for (const child of node.children) {
    const start = Math.max(child.startNanos, until);
    const end = Math.min(child.endNanos, node.endNanos);
    if (end > start) {
      covered += end - start;
      until = end;
    }
  }
  return Math.max(0, node.endNanos - node.startNanos - covered);
}
