import { createHmac } from "node:crypto";
import { type Static, Type } from "typebox";
import type { DocumentProblem } from "../config/located-document.ts";
import type { FlagDeclaration } from "./flag.ts";
import { readJsonText } from "./json-text.ts";

const name = Type.String({ minLength: 1 });

const mappingSchema = Type.Object({
  flags: Type.Record(
    name,
    Type.Object({
      /** The key outside. */
      key: name,
      /** The name outside, by the declared variant. */
      variants: Type.Record(name, name),
      /** Further names outside of declared variants, so that all flags have as many. */
      aliases: Type.Optional(Type.Record(name, name)),
    }),
  ),
});

/** What declared flags and their variants are called where nobody shall read off what they do. */
export type FlagMapping = Static<typeof mappingSchema>;
type MappedFlag = FlagMapping["flags"][string];

export type ReadMapping =
  | { readonly kind: "valid"; readonly mapping: FlagMapping }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

/** Reads a mapping, and says of everything that is wrong in it where and why. */
export function readFlagMapping(text: string, declared: readonly FlagDeclaration[]): ReadMapping {
  const read = readJsonText(mappingSchema, text);
  if (read.kind === "invalid") return read;
  const { value: mapping, problemAt } = read;
  const problems: DocumentProblem[] = [];
  const keys = new Map<string, string>();
  for (const [flag, { key, variants, aliases = {} }] of Object.entries(mapping.flags)) {
    const at = ["flags", flag];
    const other = keys.get(key);
    if (other !== undefined) problems.push(problemAt([...at, "key"], `it is the key of ${other}, too`));
    if (declared.some((each) => each.key === key)) {
      problems.push(problemAt([...at, "key"], `${JSON.stringify(key)} is the name of a flag, which would tell it`));
    }
    keys.set(key, flag);
    const taken = new Map<string, string>();
    for (const [variant, told] of Object.entries(variants)) {
      const twin = taken.get(told);
      if (twin !== undefined) {
        const reason = `${JSON.stringify(told)} stands for ${JSON.stringify(twin)} already`;
        problems.push(problemAt([...at, "variants", variant], reason));
      }
      taken.set(told, variant);
    }
    const there = Object.keys(declared.find((each) => each.key === flag)?.variants ?? variants);
    for (const [told, variant] of Object.entries(aliases)) {
      const twin = taken.get(told);
      if (twin !== undefined) {
        problems.push(problemAt([...at, "aliases", told], `it stands for ${JSON.stringify(twin)} already`));
      }
      if (!there.includes(variant)) {
        const reason = `there is no variant ${JSON.stringify(variant)}; there are ${there.join(", ")}`;
        problems.push(problemAt([...at, "aliases", told], reason));
      }
    }
  }
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", mapping };
}

/**
 * A mapping with a name for every declared flag and variant; names that are there stay. All flags get as many variants,
 * for their number would tell some of them apart.
 *
 * @param secret what new names are drawn from: the same makes the same names, so that processes which complete a file
 *   at the same time agree
 * @returns the mapping itself when it lacks nothing
 */
export function completeMapping(
  mapping: FlagMapping,
  declared: readonly FlagDeclaration[],
  secret: Uint8Array,
): FlagMapping {
  const most = Math.max(0, ...declared.map((flag) => Object.keys(flag.variants).length));
  const drawn = (prefix: string, digits: number, ...what: readonly string[]) =>
    `${prefix}-${createHmac("sha256", secret).update(JSON.stringify(what)).digest("hex").slice(0, digits)}`;
  const complete = (flag: FlagDeclaration): MappedFlag => {
    const former = mapping.flags[flag.key];
    const names = Object.keys(flag.variants);
    const variants = Object.fromEntries(
      names.map((variant) => [variant, former?.variants[variant] ?? drawn("v", 8, flag.key, variant)]),
    );
    const aliases: Record<string, string> = { ...former?.aliases };
    const awake = names.filter((variant) => variant !== flag.resting);
    for (let count = Object.keys(aliases).length; names.length + count < most; count++) {
      aliases[drawn("v", 8, flag.key, "alias", String(count))] = awake[count % awake.length] ?? flag.resting;
    }
    return {
      key: former?.key ?? drawn("f", 12, flag.key),
      variants: { ...former?.variants, ...variants },
      ...(Object.keys(aliases).length === 0 ? {} : { aliases }),
    };
  };
  const flags = { ...mapping.flags, ...Object.fromEntries(declared.map((flag) => [flag.key, complete(flag)])) };
  const isComplete = JSON.stringify(flags) === JSON.stringify(mapping.flags);
  return isComplete ? mapping : { flags };
}
