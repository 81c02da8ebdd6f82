import type { Flag } from "../../../../gen/orrery/flags/v1/flags_pb.ts";

export type FlagGroup = { readonly service: string; readonly flags: readonly Flag[] };

/** The flags in which all words occur, by their services in alphabetical order; those of no service come last. */
export function groupFlags(flags: readonly Flag[], find: string): readonly FlagGroup[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Flag[]>();
  for (const flag of flags) {
    const { key, service, description, fault } = flag;
    const text = [key, service, description, fault?.category, fault?.effect, fault?.symptom].join(" ").toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    groups.set(service, [...(groups.get(service) ?? []), flag]);
  }
  return [...groups]
    .map(([service, found]) => ({ service, flags: found }))
    .sort((one, other) => (one.service || "￿").localeCompare(other.service || "￿"));
}
