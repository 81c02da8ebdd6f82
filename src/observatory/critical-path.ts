/** What decides a span's place in a trace. */
export interface TimedSpan {
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  /** In one unit, from any beginning. */
  readonly start: number;
  readonly end: number;
}

/**
 * The chain of spans that decides how long a trace takes: without them, or with them shorter, it would have ended
 * earlier.
 *
 * From the end of the root one goes back in time: of its children that had ended by then, the one that ended last was
 * what the parent waited for; its own critical path is followed in the same way, and then the parent's from that
 * child's start on. Children that outlive their parent (messages that are handled later) count up to the parent's end
 * only; those that begin after it do not count. This is the algorithm of CRISP (Zhang et al., "CRISP: Critical Path
 * Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022, section 3).
 *
 * @returns the ids of the spans on the path, the root that lasts longest included
 */
export function criticalPath(spans: readonly TimedSpan[]): Set<string> {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string, TimedSpan[]>();
  let root: TimedSpan | undefined;
  for (const span of spans) {
    if (span.parentSpanId === "" || !known.has(span.parentSpanId) || span.parentSpanId === span.spanId) {
      if (root === undefined || span.end - span.start > root.end - root.start) root = span;
    } else {
      const siblings = children.get(span.parentSpanId);
      if (siblings === undefined) children.set(span.parentSpanId, [span]);
      else siblings.push(span);
    }
  }
  for (const siblings of children.values()) siblings.sort((a, b) => b.end - a.end);

  const path = new Set<string>();
  if (root === undefined) return path;
  // A list of work instead of recursion: traces may be deeper than the stack.
  const work: { readonly span: TimedSpan; readonly until: number }[] = [{ span: root, until: root.end }];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { span, until } = next;
    if (path.has(span.spanId)) continue;
    path.add(span.spanId);
    const bound = Math.min(until, span.end);
    let cursor = bound;
    for (const child of children.get(span.spanId) ?? []) {
      const end = Math.min(child.end, bound);
      if (end > cursor || child.start >= cursor) continue;
      work.push({ span: child, until: end });
      cursor = child.start;
      if (cursor <= span.start) break;
    }
  }
  return path;
}
