/** What a merge of two people's changes has come to. */
export type Merged =
  | {
      readonly kind: "merged";
      readonly text: string;
      /** What the other has changed: keys of flags, and of the document beside them. */
      readonly theirs: readonly string[];
    }
  /** Both have changed the same parts, in different ways. */
  | { readonly kind: "conflict"; readonly keys: readonly string[]; readonly theirs: readonly string[] }
  /** One of the texts is no JSON object, so that its parts cannot be told. */
  | { readonly kind: "unreadable" };

type Parts = ReadonlyMap<string, unknown>;

/** Joins two changes of a document, flag by flag: a part is taken from whoever has changed it. */
export function merge(base: string, mine: string, theirs: string): Merged {
  const [before, own, other] = [base, mine, theirs].map(partsOf);
  if (before === undefined || own === undefined || other === undefined) return { kind: "unreadable" };
  const changedBy = (after: Parts) =>
    new Set([...before.keys(), ...after.keys()].filter((part) => !isSame(before.get(part), after.get(part))));
  const [ownChanges, otherChanges] = [changedBy(own), changedBy(other)];
  const named = [...otherChanges].map(nameOf);
  const both = [...ownChanges].filter((part) => otherChanges.has(part) && !isSame(own.get(part), other.get(part)));
  if (both.length > 0) return { kind: "conflict", keys: both.map(nameOf), theirs: named };
  const parts = new Map(other);
  for (const part of ownChanges) {
    if (own.has(part)) parts.set(part, own.get(part));
    else parts.delete(part);
  }
  return { kind: "merged", text: textOf(parts), theirs: named };
}

const ofFlag = "flags ";

/** The flags, each by itself, and what is beside them. */
function partsOf(text: string): Parts | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isObject(parsed) || !isObject(parsed.flags)) return undefined;
    const { flags, ...others } = parsed;
    return new Map([
      ...Object.entries(others),
      ...Object.entries(flags as object).map(([key, flag]) => [`${ofFlag}${key}`, flag] as const),
    ]);
  } catch {
    return undefined;
  }
}

function textOf(parts: Parts): string {
  const others: [string, unknown][] = [];
  const flags: [string, unknown][] = [];
  for (const [part, value] of parts) {
    if (part.startsWith(ofFlag)) flags.push([nameOf(part), value]);
    else others.push([part, value]);
  }
  return `${JSON.stringify({ ...Object.fromEntries(others), flags: Object.fromEntries(flags) }, null, 2)}\n`;
}

function nameOf(part: string): string {
  return part.startsWith(ofFlag) ? part.slice(ofFlag.length) : part;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As JSON: the order of keys counts, which nobody changes without a purpose. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
