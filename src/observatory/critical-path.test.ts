import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPath, type TimedSpan } from "./critical-path.ts";

const span = (spanId: string, parentSpanId: string, start: number, end: number): TimedSpan => ({
  spanId,
  parentSpanId,
  start,
  end,
});
const path = (...spans: TimedSpan[]) => [...criticalPath(spans)].sort().join("");

describe("the critical path", () => {
  it("of nothing is nothing", () => {
    expect(path()).toBe("");
  });

  it("follows children that run one after another", () => {
    expect(path(span("r", "", 0, 100), span("a", "r", 10, 40), span("b", "r", 50, 90))).toBe("abr");
  });

  it("leaves out what was done meanwhile", () => {
    expect(path(span("r", "", 0, 100), span("a", "r", 10, 90), span("b", "r", 20, 60), span("c", "b", 20, 50))).toBe(
      "ar",
    );
  });

  it("goes on with what had ended when the last child began", () => {
    expect(path(span("r", "", 0, 100), span("a", "r", 0, 30), span("b", "r", 10, 40), span("c", "r", 40, 100))).toBe(
      "bcr",
    );
  });

  it("counts a child that outlives its parent up to the parent's end, and later ones not at all", () => {
    expect(path(span("r", "", 0, 100), span("a", "r", 50, 300), span("b", "r", 150, 200))).toBe("ar");
  });

  it("begins at the longest of several roots, those included whose parents are missing", () => {
    expect(path(span("a", "", 0, 10), span("b", "missing", 5, 90), span("c", "b", 6, 80))).toBe("bc");
  });

  it("comes to an end where spans are each other's parents", () => {
    expect(path(span("r", "", 0, 10), span("a", "b", 1, 5), span("b", "a", 1, 5), span("c", "c", 2, 3))).toBe("r");
  });

  it("goes deeper than the stack", () => {
    const deep = Array.from({ length: 50_000 }, (_, index) =>
      span(`${index}`, index === 0 ? "" : `${index - 1}`, index, 100_000 - index),
    );
    expect(criticalPath(deep).size).toBe(50_000);
  });

  it("is always connected to its root", () => {
    const some = fc.array(fc.tuple(fc.nat(20), fc.nat(100), fc.nat(100)), { maxLength: 30 });
    fc.assert(
      fc.property(some, (rows) => {
        const spans = rows.map(([parent, start, length], index) =>
          span(`${index}`, index === 0 ? "" : `${parent % index}`, start, start + length),
        );
        const found = criticalPath(spans);
        const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]));
        for (const id of found) {
          const parent = parents.get(id) ?? "";
          expect(parent === "" || found.has(parent)).toBe(true);
        }
      }),
    );
  });
});
