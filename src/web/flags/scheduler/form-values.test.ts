import { expect, it } from "vitest";
import { problemsOf, selectedFlags, valuesOf } from "./form-values.ts";

const values = valuesOf(undefined);

it.each([
  [{}, []],
  [{ interval: "0" }, ["interval", "max"]],
  [{ interval: "86401" }, ["interval"]],
  [{ interval: "1.5" }, ["interval"]],
  [{ min: "-1" }, ["min"]],
  [{ min: "200" }, ["max"]],
  [{ max: "901" }, ["max"]],
  [{ max: "" }, ["max"]],
  [{ concurrency: "0" }, ["concurrency"]],
  [{ concurrency: "x" }, ["concurrency"]],
  [{ seed: "0x1" }, ["seed"]],
  [{ seed: "4294967296" }, ["seed"]],
  [{ seed: " 7 " }, []],
])("of %j it says which fields are wrong", (typed, fields) => {
  expect(Object.keys(problemsOf({ ...values, ...typed })).toSorted()).toEqual(fields);
});

it("leaves out flags of which nothing is selected", () => {
  expect(
    selectedFlags(
      new Map([
        ["a", new Set()],
        ["b", new Set(["on"])],
      ]),
    ),
  ).toEqual([{ key: "b", variants: ["on"] }]);
});
