import type { SpanNode, SpanTree } from "./span-tree.ts";

/** The same step of two traces, or a step that only one of them has. */
export type AlignedRow = {
  readonly depth: number;
  readonly a: SpanNode | undefined;
  readonly b: SpanNode | undefined;
};

/**
 * Puts two traces side by side. Children of spans that belong together are matched by service and operation, those
 * with the same in the order of their starts; what has no counterpart stands alone, at its place in time.
 */
export function alignTraces(a: SpanTree, b: SpanTree): readonly AlignedRow[] {
  const rows: AlignedRow[] = [];
  type Pending = { readonly depth: number; readonly a: SpanNode | undefined; readonly b: SpanNode | undefined };
  const pending: Pending[] = pair(a.roots, b.roots, 0).reverse();
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    rows.push(row);
    pending.push(...pair(row.a?.children ?? [], row.b?.children ?? [], row.depth + 1).reverse());
  }
  return rows;
}

function pair(left: readonly SpanNode[], right: readonly SpanNode[], depth: number): AlignedRow[] {
  const waiting = new Map<string, SpanNode[]>();
  for (const node of right) {
    const alike = waiting.get(stepOf(node));
    if (alike) alike.push(node);
    else waiting.set(stepOf(node), [node]);
  }
  const rows: AlignedRow[] = left.map((node) => ({ depth, a: node, b: waiting.get(stepOf(node))?.shift() }));
  const alone = [...waiting.values()].flat().map((node) => ({ depth, a: undefined, b: node }));
  return [...rows, ...alone].sort((x, y) => startOf(x) - startOf(y));
}

function stepOf({ span }: SpanNode): string {
  return `${span.service}\n${span.name}\n${span.kind}`;
}

/** Since the parent's start, so that a slow step does not move all that follow it. */
function startOf({ a, b }: AlignedRow): number {
  const node = a ?? b;
  return node ? node.startNanos - (node.parent?.startNanos ?? 0) : 0;
}
