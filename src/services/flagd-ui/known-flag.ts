import type { FlagDeclaration } from "../../platform/flags/flag.ts";
import {
  canOnlyBe,
  type FlagDefinition,
  type FlagDocument,
  flagDefinition,
  withVariant,
} from "../../platform/flags/flag-document.ts";
import type { FlagNames, KnownFlag } from "../../platform/flags/flag-names.ts";
import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";

/** All declared flags, by their keys outside. */
export function knownFlags(services: readonly ServiceDeclaration[], names: FlagNames): ReadonlyMap<string, KnownFlag> {
  const all = services.flatMap(({ name, flags = [] }) =>
    flags.map((flag) => names.outside({ ...flag, service: name, isFault: flag.fault !== undefined })),
  );
  return new Map(all.map((flag) => [flag.key, flag]));
}

/** Whether a flag of the file is as its service wants it in a healthy shop. */
export function isAtRest(flag: FlagDefinition, { variants, resting }: FlagDeclaration): boolean {
  const value = variants[resting];
  return value === undefined || canOnlyBe(flag, value);
}

/**
 * Puts a flag at rest. It keeps what people have done to it as long as that can be; a rule or values that would leave
 * it on all the same give way to the flag as it is declared.
 */
export function withRest(document: FlagDocument, known: KnownFlag): FlagDocument {
  const { key, resting } = known;
  const before = document.flags[key];
  if (before === undefined || isAtRest(before, known)) return document;
  const changed = withVariant(document, key, resting);
  const after = changed.flags[key];
  if (after !== undefined && isAtRest(after, known)) return changed;
  return { ...document, flags: { ...document.flags, [key]: flagDefinition(known) } };
}
