import { describe, expect, it } from "vitest";
import { declareFlags } from "./flag.ts";
import { completeMapping, readFlagMapping } from "./flag-mapping.ts";

const declared = declareFlags([
  { key: "switch", description: "A switch", variants: { on: true, off: false }, resting: "off" },
  { key: "share", description: "A share", variants: { off: 0, half: 0.5, most: 0.9, all: 1 }, resting: "off" },
]);
const secret = Buffer.from("secret");
const complete = completeMapping({ flags: {} }, declared, secret);
const namesOf = (mapping: typeof complete, key: string) => {
  const { variants = {}, aliases = {} } = mapping.flags[key] ?? {};
  return [...Object.values(variants), ...Object.keys(aliases)];
};

describe("a mapping that is completed", () => {
  it("has a name for every flag and variant, and no two of them are alike", () => {
    expect(Object.keys(complete.flags)).toEqual(["switch", "share"]);
    expect(Object.keys(complete.flags.share?.variants ?? {})).toEqual(["off", "half", "most", "all"]);
    const keys = Object.values(complete.flags).map(({ key }) => key);
    for (const key of keys) expect(key).toMatch(/^f-[0-9a-f]{12}$/);
    const names = [...namesOf(complete, "switch"), ...namesOf(complete, "share")];
    for (const name of names) expect(name).toMatch(/^v-[0-9a-f]{8}$/);
    expect(new Set([...keys, ...names]).size).toBe(keys.length + names.length);
  });

  it("gives all flags as many variants, and the resting one a single name", () => {
    expect(namesOf(complete, "switch")).toHaveLength(4);
    expect(namesOf(complete, "share")).toHaveLength(4);
    expect(Object.values(complete.flags.switch?.aliases ?? {})).toEqual(["on", "on"]);
  });

  it("has other names by another secret, and the same by the same", () => {
    expect(completeMapping({ flags: {} }, declared, secret)).toEqual(complete);
    expect(completeMapping({ flags: {} }, declared, Buffer.from("other")).flags.switch?.key).not.toBe(
      complete.flags.switch?.key,
    );
  });

  it("is left as it is when it lacks nothing", () => {
    expect(completeMapping(complete, declared, Buffer.from("other"))).toBe(complete);
  });

  it("keeps its names, and flags that are declared no more, when flags or variants come", () => {
    const written = { flags: { switch: { key: "mine", variants: { on: "1" } }, gone: { key: "x", variants: {} } } };
    const { flags } = completeMapping(written, declared, secret);
    expect(flags.switch).toMatchObject({ key: "mine", variants: { on: "1", off: expect.stringMatching(/^v-/) } });
    expect(flags.gone).toEqual(written.flags.gone);
    expect(flags.share?.key).toMatch(/^f-/);
  });
});

describe("a mapping", () => {
  const read = (mapping: unknown) =>
    readFlagMapping(typeof mapping === "string" ? mapping : JSON.stringify(mapping, null, 2), declared);

  it("that was completed is read as it was written", () => {
    expect(read(complete)).toEqual({ kind: "valid", mapping: complete });
  });

  const flag = { key: "f-1", variants: { on: "v-1", off: "v-2" } };
  it.each([
    ["is no JSON", '{"flags": {\n  "switch": }', 2, ""],
    ["has no flags", {}, 1, ""],
    ["lacks the key of a flag", { flags: { switch: { variants: {} } } }, 3, "flags.switch"],
    ["has an empty name", { flags: { switch: { ...flag, key: "" } } }, 4, "flags.switch.key"],
    [
      "has a number for a name",
      { flags: { switch: { key: "f-1", variants: { on: 1 } } } },
      6,
      "flags.switch.variants.on",
    ],
    ["has a key twice", { flags: { switch: flag, share: { key: "f-1", variants: {} } } }, 11, "flags.share.key"],
    ["tells the name of a flag", { flags: { switch: { ...flag, key: "share" } } }, 4, "flags.switch.key"],
    [
      "has a name for two variants",
      { flags: { switch: { key: "f-1", variants: { on: "v-1", off: "v-1" } } } },
      7,
      "flags.switch.variants.off",
    ],
    [
      "has an alias of a variant that there is not",
      { flags: { switch: { ...flag, aliases: { "v-3": "half" } } } },
      10,
      "flags.switch.aliases.v-3",
    ],
    [
      "has an alias that is a name",
      { flags: { switch: { ...flag, aliases: { "v-2": "on" } } } },
      10,
      "flags.switch.aliases.v-2",
    ],
  ])("that %s is refused with the place", (_, mapping, line, path) => {
    expect(read(mapping)).toMatchObject({
      kind: "invalid",
      problems: expect.arrayContaining([expect.objectContaining({ line, path })]),
    });
  });
});
