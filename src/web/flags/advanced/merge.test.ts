import { expect, it } from "vitest";
import { merge } from "./merge.ts";

const text = (flags: object, others: object = {}) => `${JSON.stringify({ ...others, flags }, null, 2)}\n`;
const base = text({ a: 1, b: 1, c: 1 });

it("takes each flag from whoever has changed it", () => {
  const merged = merge(base, text({ a: 2, b: 1, d: 1 }), text({ a: 1, b: 3, c: 1 }));
  expect(merged).toEqual({ kind: "merged", text: text({ a: 2, b: 3, d: 1 }), theirs: ["b"] });
});

it("knows what is beside the flags", () => {
  const merged = merge(base, text({ a: 1, b: 1, c: 1 }, { $schema: "x" }), text({ a: 2, b: 1, c: 1 }));
  expect(merged).toMatchObject({ kind: "merged", text: text({ a: 2, b: 1, c: 1 }, { $schema: "x" }) });
});

it("names what both have changed, unless in the same way", () => {
  expect(merge(base, text({ a: 2, b: 2, c: 1 }), text({ a: 2, b: 3 }))).toEqual({
    kind: "conflict",
    keys: ["b"],
    theirs: ["a", "b", "c"],
  });
});

it("says so when it cannot be told", () => {
  expect(merge(base, "{", base)).toEqual({ kind: "unreadable" });
  expect(merge(base, '{"flags": []}', base)).toEqual({ kind: "unreadable" });
});
