import { describe, expect, it } from "vitest";
import { declareFlags, type FlagDeclaration } from "./flag.ts";
import { type FlagDocument, flagDocument, withVariant } from "./flag-document.ts";
import { completeMapping } from "./flag-mapping.ts";
import { opaqueNames, plainNames } from "./flag-names.ts";
import { FlagSet } from "./flag-set.ts";

const declared = declareFlags([
  { key: "switch", description: "A switch", variants: { on: true, off: false }, resting: "off" },
  { key: "share", description: "A share", variants: { off: 0, half: 0.5, all: 1 }, resting: "off" },
  {
    key: "ruled",
    description: "For one product",
    variants: { on: true, off: false },
    resting: "off",
    targeting: { if: [{ "==": [{ var: "product_id" }, "X"] }, "off", "off"] },
  },
]);
const mapping = completeMapping({ flags: {} }, declared, Buffer.from("secret"));
const names = opaqueNames(mapping, declared);
const known = (flag: FlagDeclaration) => ({ ...flag, service: "a-service", isFault: true });
const outside = flagDocument(declared.map((flag) => names.outside(known(flag))));

/** The value inside when a flag is put into a variant outside. */
function valueInside(
  key: (typeof declared)[number]["key"],
  variant: string,
  context = {},
  document: FlagDocument = outside,
) {
  const setting = names.setting(key, variant);
  const set = new FlagSet();
  set.replace(names.inside(withVariant(document, setting.key, setting.variant)));
  return set.core.resolve(key === "share" ? "number" : "boolean", key, "nothing" as never, context).value;
}

describe("opaque names", () => {
  it("tell nothing outside: no key, description, service, variant, value or rule", () => {
    const told = JSON.stringify([outside, declared.map((flag) => names.outside(known(flag)))]);
    expect(told).not.toMatch(/switch|share|ruled|product|half|"on"|"off"|0\.5|a-service|A s/);
    for (const { variants } of Object.values(outside.flags)) expect(Object.keys(variants)).toHaveLength(3);
  });

  it("get their values inside", () => {
    expect(valueInside("switch", "off")).toBe(false);
    expect(valueInside("switch", "on")).toBe(true);
    expect(valueInside("share", "half")).toBe(0.5);
  });

  it("get the rule that is declared inside", () => {
    expect(valueInside("ruled", "on", { product_id: "X" })).toBe(true);
    expect(valueInside("ruled", "on", { product_id: "Y" })).toBe(false);
    expect(valueInside("ruled", "off", { product_id: "X" })).toBe(false);
  });

  it("may be those of an alias", () => {
    const [[alias = "", variant = ""] = []] = Object.entries(mapping.flags.switch?.aliases ?? {});
    expect(variant).toBe("on");
    const inside = names.inside(withVariant(outside, names.setting("switch", "on").key, alias));
    expect(inside.flags.switch?.defaultVariant).toBe("on");
  });

  it("may stand in a rule of one's own", () => {
    const { key, variant: off } = names.setting("share", "off");
    const { variant: all } = names.setting("share", "all");
    const targeting = { if: [{ "==": [{ var: "who" }, "me"] }, all, off] };
    const flag = outside.flags[key];
    const ruled = { flags: { ...outside.flags, ...(flag === undefined ? {} : { [key]: { ...flag, targeting } }) } };
    expect(valueInside("share", "all", { who: "me" }, ruled)).toBe(1);
    expect(valueInside("share", "all", { who: "you" }, ruled)).toBe(0);
  });

  it("are none where a flag is not there, or is disabled", () => {
    const { key } = names.setting("switch", "on");
    const { [key]: flag, ...others } = outside.flags;
    expect(names.inside({ flags: others }).flags).not.toHaveProperty("switch");
    const disabled = flag === undefined ? {} : { [key]: { ...flag, state: "DISABLED" as const } };
    expect(names.inside({ flags: disabled }).flags.switch?.state).toBe("DISABLED");
  });
});

it("plain names are those that are declared", () => {
  const document = flagDocument(declared);
  expect(plainNames.inside(document)).toBe(document);
  expect(plainNames.setting("share", "half")).toEqual({ key: "share", variant: "half" });
});
