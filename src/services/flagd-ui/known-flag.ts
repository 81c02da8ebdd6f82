import type { FlagDeclaration } from "../../platform/flags/flag.ts";
import {
  canOnlyBe,
  type FlagDefinition,
  type FlagDocument,
  flagDefinition,
  withVariant,
} from "../../platform/flags/flag-document.ts";
import type { ServiceDeclaration } from "../../platform/lifecycle/service.ts";

/** A declared flag, and the service that it acts in. */
export interface KnownFlag extends FlagDeclaration {
  readonly service: string;
}

/** All declared flags, by key. */
export function knownFlags(services: readonly ServiceDeclaration[]): ReadonlyMap<string, KnownFlag> {
  return new Map(
    services.flatMap(({ name, flags = [] }) => flags.map((flag) => [flag.key, { ...flag, service: name }])),
  );
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
