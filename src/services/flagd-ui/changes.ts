import { isDeepStrictEqual } from "node:util";
import { type FlagDefinition, type FlagDocument, variantOf } from "../../platform/flags/flag-document.ts";

/** What is different about a flag; variants are empty where another part of it has changed. */
export interface FlagChange {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** What has happened, where that is no change of a variant. */
  readonly note: string;
}

/** What one document has otherwise than the other. */
export function changesBetween(before: FlagDocument, after: FlagDocument): readonly FlagChange[] {
  const keys = new Set([...Object.keys(before.flags), ...Object.keys(after.flags)]);
  return [...keys].flatMap((key) => changeOf(key, before.flags[key], after.flags[key]) ?? []);
}

function changeOf(
  key: string,
  before: FlagDefinition | undefined,
  after: FlagDefinition | undefined,
): FlagChange | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  const [from, to] = [before, after].map((flag) => (flag === undefined ? "" : (variantOf(flag) ?? ""))) as [
    string,
    string,
  ];
  if (before === undefined) return { key, from: "", to, note: "added" };
  if (after === undefined) return { key, from, to: "", note: "removed" };
  const note = notesOf(before, after, from !== to).join(", ");
  return from === to ? { key, from: "", to: "", note: note || "changed otherwise" } : { key, from, to, note };
}

function notesOf(before: FlagDefinition, after: FlagDefinition, isSwitched: boolean): readonly string[] {
  const notes: string[] = [];
  if (before.state !== after.state) notes.push(after.state === "DISABLED" ? "disabled" : "enabled");
  // The part of a rule that is switched is told as a change of the variant.
  const rules = isSwitched ? [conditionsOf(before), conditionsOf(after)] : [before.targeting, after.targeting];
  if (!isDeepStrictEqual(rules[0], rules[1])) notes.push("rule changed");
  if (!isDeepStrictEqual(before.variants, after.variants)) notes.push("variants changed");
  if (before.description !== after.description) notes.push("description changed");
  return notes;
}

function conditionsOf({ targeting }: FlagDefinition): unknown {
  const branches = targeting?.if;
  if (!Array.isArray(branches) || branches.length !== 3) return targeting;
  return { ...targeting, if: [branches[0], branches[2]] };
}
