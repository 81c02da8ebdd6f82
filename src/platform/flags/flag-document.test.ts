import { expect, it } from "vitest";
import { declareFlags } from "./flag.ts";
import { branchesOf, flagDocument, flagDocumentText, readFlagDocument } from "./flag-document.ts";

const flag = '"state": "ENABLED", "variants": {"on": true, "off": false}';

it("reads what is written for declared flags", () => {
  const declared = declareFlags([
    { key: "a", description: "An a", variants: { on: 1, off: 0 }, resting: "off" },
    { key: "b", description: "A b", variants: { x: "y" }, resting: "x", targeting: { if: [true, "x", "x"] } },
  ]);
  const document = flagDocument(declared);
  expect(readFlagDocument(flagDocumentText(document))).toEqual({ kind: "valid", document });
});

it.each([
  ["", 1, "", /JSON/],
  ["{", 1, "", /./],
  ['{"flags": {}} x', 1, "", /./],
  ["flags: {}\n", 1, "", /JSON/],
  ['{\n"flags": {"a": {},\n"a": {}}}', 3, "", /twice/],
  ['{\n"flags": []}', 2, "flags", /object/],
  ['{"flags": {\n"a": 1}}', 2, "flags.a", /object/],
  ['{"flags": {"a":\n{"variants": {"on": true}}}}', 1, "flags.a", /state/],
  [`{"flags": {"a": {\n"state": "ON", "variants": {"on": true}}}}`, 2, "flags.a.state", /./],
  [`{"flags": {"a": {${flag},\n\n"defaultVariant": "maybe"}}}`, 3, "flags.a.defaultVariant", /"maybe".*on, off/],
  [`{"flags": {"a": {${flag},\n"targeting": {"if": [true, "of", "on"]}}}}`, 2, "flags.a.targeting", /"of".*on, off/],
  ['{"flags": {"a": {"state": "ENABLED",\n"variants": {}}}}', 2, "flags.a.variants", /no variant/],
  ['{"flags": {"a": {"state": "ENABLED",\n"variants": {"a": 1, "b": "c"}}}}', 2, "flags.a.variants", /number, string/],
])("says what is wrong in %j: line %i, at %j", (text, line, path, reason) => {
  const read = readFlagDocument(text);
  if (read.kind === "valid") throw new Error("it was read");
  expect(read.problems[0]).toMatchObject({ line, path, reason: expect.stringMatching(reason) });
});

it("tells everything that is wrong at once", () => {
  const read = readFlagDocument(
    `{"flags": {\n"a": {${flag}, "defaultVariant": "x"},\n"b": {${flag}, "defaultVariant": "y"}}}`,
  );
  expect(read).toMatchObject({ kind: "invalid", problems: [{ line: 2 }, { line: 3 }] });
});

it("reads what flagd sends, with fields of its own, and without a default where there is none", () => {
  const sent = `{"flags": {"a": {${flag}, "defaultVariant": "", "source": "x.json", "selector": "", "metadata": {}}}}`;
  expect(readFlagDocument(sent)).toMatchObject({ kind: "valid" });
});

it("knows where rules lead, however they are nested", () => {
  expect(branchesOf({ if: [1, "a", 2, "b", { if: [3, "c", "d"] }] })).toEqual(["a", "b", "c", "d"]);
  expect(branchesOf({ if: [1, "a"] })).toEqual(["a"]);
});
