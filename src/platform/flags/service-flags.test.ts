import { describe, expect, it } from "vitest";
import type { FlagDefinition } from "./flag-document.ts";
import { FlagSet } from "./flag-set.ts";
import { type FlagObserver, serviceFlags } from "./service-flags.ts";

const fault = (over: Partial<FlagDefinition> = {}): FlagDefinition => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  ...over,
});

function flagsOf(definition: FlagDefinition | undefined, wantsResting = false) {
  const set = new FlagSet();
  if (definition !== undefined) set.replace({ flags: { fault: definition } });
  const evaluated: Parameters<FlagObserver["evaluated"]>[0][] = [];
  const observer = { wantsResting, evaluated: (each: (typeof evaluated)[number]) => void evaluated.push(each) };
  return {
    set,
    evaluated,
    flags: serviceFlags({ set, declared: new Set(["fault"]), service: "a-service", observer }),
  };
}

const forProduct = { if: [{ "==": [{ var: "product_id" }, "X"] }, "on", "off"] };

describe("the value of a flag", () => {
  it.each([
    ["on for all", fault({ defaultVariant: "on" }), {}, true],
    ["off", fault(), {}, false],
    ["disabled", fault({ state: "DISABLED", defaultVariant: "on" }), {}, false],
    ["not there", undefined, {}, false],
    ["of another type", fault({ variants: { on: "yes", off: "no" }, defaultVariant: "on" }), {}, false],
    ["ruled on", fault({ targeting: forProduct }), { product_id: "X" }, true],
    ["ruled off", fault({ targeting: forProduct }), { product_id: "Y" }, false],
    ["under a rule that is broken", fault({ targeting: { nonsense: [1] }, defaultVariant: "on" }), {}, false],
  ])("that is %s", async (_, definition, context, value) => {
    expect(await flagsOf(definition).flags.value("fault", false, context)).toBe(value);
  });

  it("changes with the definitions", async () => {
    const { set, flags } = flagsOf(fault());
    set.replace({ flags: { fault: fault({ defaultVariant: "on" }) } });
    expect(await flags.value("fault", false)).toBe(true);
    set.replace({ flags: {} });
    expect(await flags.value("fault", false)).toBe(false);
  });

  it("is told to nobody whose declaration does not list the flag", async () => {
    await expect(flagsOf(fault()).flags.value("another", false)).rejects.toThrow(/a-service evaluates another/);
  });
});

describe("an evaluation", () => {
  it("is told with variant, reason and context when the flag is not at rest", async () => {
    const { flags, evaluated } = flagsOf(fault({ targeting: forProduct }));
    await flags.value("fault", false, { product_id: "X", targetingKey: "me" });
    expect(evaluated).toMatchObject([
      { key: "fault", value: true, variant: "on", reason: "TARGETING_MATCH", context: { targetingKey: "me" } },
    ]);
  });

  it.each([
    ["off", fault()],
    ["not there", undefined],
    ["ruled to where it rests", fault({ targeting: { if: [{ var: "x" }, "off", "off"] } })],
  ])("of a flag that is %s does not happen", async (_, definition) => {
    const { flags, evaluated } = flagsOf(definition);
    await flags.value("fault", false);
    expect(evaluated).toEqual([]);
  });

  it("of a flag at rest is told to who wants all of them", async () => {
    const { flags, evaluated } = flagsOf(fault(), true);
    await flags.value("fault", false);
    expect(evaluated).toMatchObject([{ key: "fault", value: false, variant: "off", reason: "STATIC" }]);
  });
});
