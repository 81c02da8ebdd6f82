import { expect, it } from "vitest";
import type { FlagDefinition } from "../../platform/flags/flag-document.ts";
import { changesBetween } from "./changes.ts";

const flag = (over: Partial<FlagDefinition> = {}): FlagDefinition => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  ...over,
});
const rule = (condition: unknown, variant: string) => ({ targeting: { if: [condition, variant, "off"] } });

it.each<[string, FlagDefinition | undefined, FlagDefinition | undefined, object | undefined]>([
  ["nothing", flag(), flag(), undefined],
  ["a variant", flag(), flag({ defaultVariant: "on" }), { from: "off", to: "on", note: "" }],
  ["a switched rule", flag(rule(1, "off")), flag(rule(1, "on")), { from: "off", to: "on", note: "" }],
  ["a rule", flag(rule(1, "on")), flag(rule(2, "on")), { from: "", to: "", note: "rule changed" }],
  [
    "a rule and its variant",
    flag(rule(1, "off")),
    flag(rule(2, "on")),
    { from: "off", to: "on", note: "rule changed" },
  ],
  ["the state", flag(), flag({ state: "DISABLED" }), { from: "", to: "", note: "disabled" }],
  ["variants", flag(), flag({ variants: { off: false } }), { note: "variants changed" }],
  ["a description", flag(), flag({ description: "x" }), { note: "description changed" }],
  ["something else", flag(), flag({ metadata: { a: 1 } }), { note: "changed otherwise" }],
  ["a flag that is new", undefined, flag(), { from: "", to: "off", note: "added" }],
  ["a flag that is gone", flag(), undefined, { from: "off", to: "", note: "removed" }],
])("tells %s", (_, before, after, expected) => {
  const document = (of: FlagDefinition | undefined) => ({ flags: of === undefined ? {} : { fault: of } });
  const changes = changesBetween(document(before), document(after));
  expect(changes).toMatchObject(expected === undefined ? [] : [{ key: "fault", ...expected }]);
  expect(changes).toHaveLength(expected === undefined ? 0 : 1);
});
