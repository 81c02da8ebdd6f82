import { type Static, Type } from "typebox";
import type { DocumentProblem, LocatedDocument } from "../config/located-document.ts";
import type { FlagDeclaration, FlagValue } from "./flag.ts";
import { readJsonText } from "./json-text.ts";

const flagSchema = Type.Object({
  state: Type.Enum(["ENABLED", "DISABLED"]),
  variants: Type.Record(Type.String({ minLength: 1 }), Type.Unknown()),
  defaultVariant: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  description: Type.Optional(Type.String()),
  targeting: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

const documentSchema = Type.Object({
  $schema: Type.Optional(Type.String()),
  flags: Type.Record(Type.String({ minLength: 1 }), flagSchema),
  $evaluators: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** The definitions of flags in flagd's format (https://flagd.dev/reference/flag-definitions/). */
export type FlagDocument = Static<typeof documentSchema>;
export type FlagDefinition = Static<typeof flagSchema>;

export type ReadDocument =
  | { readonly kind: "valid"; readonly document: FlagDocument }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

/** Reads a document of flags, and says of everything that is wrong in it where and why. */
export function readFlagDocument(text: string): ReadDocument {
  const read = readJsonText(documentSchema, text);
  if (read.kind === "invalid") return read;
  const { value: document, problemAt } = read;
  const problems = Object.entries(document.flags).flatMap(([key, flag]) => problemsOf(key, flag, problemAt));
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", document };
}

/** What a schema cannot say of a flag. */
function problemsOf(
  key: string,
  { variants, defaultVariant, targeting }: FlagDefinition,
  problem: LocatedDocument["problemAt"],
): readonly DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const known = Object.keys(variants);
  const at = ["flags", key];
  if (known.length === 0) problems.push(problem([...at, "variants"], "there is no variant"));
  const types = new Set(Object.values(variants).map((value) => typeof value));
  if (types.size > 1) {
    problems.push(problem([...at, "variants"], `variants have different types: ${[...types].join(", ")}`));
  }
  // flagd tells a flag without one so.
  if (typeof defaultVariant === "string" && defaultVariant !== "" && !known.includes(defaultVariant)) {
    const reason = `there is no variant ${JSON.stringify(defaultVariant)}; there are ${known.join(", ")}`;
    problems.push(problem([...at, "defaultVariant"], reason));
  }
  for (const branch of branchesOf(targeting)) {
    if (known.includes(branch)) continue;
    const reason = `a rule leads to ${JSON.stringify(branch)}, which is no variant; there are ${known.join(", ")}`;
    problems.push(problem([...at, "targeting"], reason));
  }
  return problems;
}

/** The variants that an `if` rule leads to; rules of other kinds are not looked into. */
export function branchesOf(rule: unknown): readonly string[] {
  if (typeof rule === "string") return [rule];
  if (typeof rule !== "object" || rule === null || !("if" in rule) || !Array.isArray(rule.if)) return [];
  const branches = rule.if.filter((_, index, all) => index % 2 === 1 || index === all.length - 1);
  return branches.flatMap(branchesOf);
}

/** Whether a flag can have no other value, whatever the context; one that is disabled has none of its own. */
export function canOnlyBe({ state, variants, defaultVariant, targeting }: FlagDefinition, value: FlagValue): boolean {
  if (state === "DISABLED") return true;
  if (targeting === undefined || Object.keys(targeting).length === 0) {
    return typeof defaultVariant !== "string" || variants[defaultVariant] === value;
  }
  if (!("if" in targeting)) return false;
  return [...branchesOf(targeting), ...(defaultVariant ? [defaultVariant] : [])].every(
    (variant) => variants[variant] === value,
  );
}

/**
 * Puts a flag into a variant, as the OpenTelemetry Demo's flag page does: of a rule `if` with three parts the second is
 * changed, so that it goes on saying for whom; of any other flag the default.
 *
 * @returns the document as it is when there is no such flag or variant
 */
export function withVariant(document: FlagDocument, key: string, variant: string): FlagDocument {
  const flag = Object.hasOwn(document.flags, key) ? document.flags[key] : undefined;
  if (flag === undefined || !Object.hasOwn(flag.variants, variant) || variantOf(flag) === variant) return document;
  const branches = switchedRule(flag);
  const changed =
    branches !== undefined
      ? { ...flag, targeting: { ...flag.targeting, if: [branches[0], variant, branches[2]] } }
      : { ...flag, defaultVariant: variant };
  return { ...document, flags: { ...document.flags, [key]: changed } };
}

/** The variant that a flag is in, as {@link withVariant} puts it there; undefined when it has none. */
export function variantOf(flag: FlagDefinition): string | undefined {
  const branch = switchedRule(flag)?.[1] ?? flag.defaultVariant;
  return typeof branch === "string" ? branch : undefined;
}

/** The parts of a rule that says for whom a flag is switched on. */
function switchedRule({ targeting }: FlagDefinition): readonly [unknown, unknown, unknown] | undefined {
  const branches = targeting?.if;
  if (!Array.isArray(branches) || branches.length !== 3) return undefined;
  return [branches[0], branches[1], branches[2]];
}

/**
 * The definitions of declared flags, all at rest.
 *
 * @returns the document as text, in the order in which flags are declared
 */
export function flagDocument(flags: readonly FlagDeclaration[]): FlagDocument {
  return {
    $schema: "https://flagd.dev/schema/v0/flags.json",
    flags: Object.fromEntries(flags.map((flag) => [flag.key, flagDefinition(flag)])),
  };
}

/** The definition of a declared flag, at rest. */
export function flagDefinition({ description, variants, resting, targeting }: FlagDeclaration): FlagDefinition {
  return {
    ...(description === "" ? {} : { description }),
    state: "ENABLED",
    variants,
    defaultVariant: resting,
    ...(targeting === undefined ? {} : { targeting }),
  };
}

/** A document as text, as people would write it. */
export function flagDocumentText(document: FlagDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
