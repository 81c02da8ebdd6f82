import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema, SpanSchema } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { buildSpanTree, selfNanos, visibleRows } from "./span-tree.ts";

function span(spanId: string, parentSpanId: string, start: number, end: number, isCritical = false) {
  return create(SpanSchema, {
    spanId,
    parentSpanId,
    startOffsetNanos: BigInt(start),
    durationNanos: BigInt(end - start),
    isCritical,
  });
}

const ids = (nodes: readonly { readonly span: { readonly spanId: string } }[]) => nodes.map((node) => node.span.spanId);

describe("the tree of a trace", () => {
  it("puts parents before children and siblings in the order of their starts", () => {
    const tree = buildSpanTree({
      spans: [
        span("late", "root", 50, 60),
        span("root", "", 0, 100),
        span("early", "root", 10, 20),
        span("leaf", "early", 11, 12),
      ],
      logs: [],
    });
    expect(ids(tree.all)).toEqual(["root", "early", "leaf", "late"]);
    expect(tree.all.map(({ depth }) => depth)).toEqual([0, 1, 2, 1]);
    expect(tree.roots[0]?.descendants).toBe(3);
  });

  it("shows spans whose parent is missing, and those that are each other's parent", () => {
    const tree = buildSpanTree({
      spans: [span("a", "gone", 0, 1), span("b", "c", 1, 2), span("c", "b", 2, 3)],
      logs: [],
    });
    expect(ids(tree.roots)).toEqual(["a", "b"]);
    expect(ids(tree.all)).toEqual(["a", "b", "c"]);
  });

  it("holds a chain of 20,000 spans", () => {
    const spans = Array.from({ length: 20_000 }, (_, index) =>
      span(`${index}`, index === 0 ? "" : `${index - 1}`, index, 20_000),
    );
    expect(buildSpanTree({ spans, logs: [] }).all.at(-1)?.depth).toBe(19_999);
  });

  it("hides what is below a collapsed span", () => {
    const tree = buildSpanTree({
      spans: [span("root", "", 0, 9), span("a", "root", 1, 3), span("b", "a", 1, 2), span("c", "root", 4, 5)],
      logs: [],
    });
    expect(ids(visibleRows(tree, new Set(["a"])))).toEqual(["root", "a", "c"]);
  });

  it("marks as critical what no critical child accounts for", () => {
    const tree = buildSpanTree({
      spans: [span("root", "", 0, 100, true), span("child", "root", 20, 70, true)],
      logs: [],
    });
    expect(tree.byId.get("root")?.critical).toEqual([
      [0, 20],
      [70, 100],
    ]);
    expect(tree.byId.get("child")?.critical).toEqual([[20, 70]]);
  });

  it("counts time that several children cover once", () => {
    const tree = buildSpanTree({
      spans: [span("root", "", 0, 100), span("a", "root", 10, 50), span("b", "root", 30, 60)],
      logs: [],
    });
    expect(selfNanos(tree.all[0] ?? expect.fail())).toBe(50);
  });

  it("keeps logs with their spans, and those of no span apart", () => {
    const logs = ["root", "elsewhere"].map((spanId) => create(LogRecordSchema, { spanId }));
    const tree = buildSpanTree({ spans: [span("root", "", 0, 1)], logs });
    expect(tree.byId.get("root")?.logs).toHaveLength(1);
    expect(tree.looseLogs).toHaveLength(1);
  });
});
