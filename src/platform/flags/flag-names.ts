import type { FlagDeclaration } from "./flag.ts";
import { type FlagDefinition, type FlagDocument, flagDefinition, withVariant } from "./flag-document.ts";
import type { FlagMapping } from "./flag-mapping.ts";

/** A declared flag, as those know it who hand flags out or change them. */
export interface KnownFlag extends FlagDeclaration {
  /** The service that it acts in; empty where that is not told. */
  readonly service: string;
  /** Whether it breaks something, though what that is may not be told. */
  readonly isFault: boolean;
}

/**
 * What declared flags are called outside of the services that they act in: in the file, by those who hand it out, on the
 * pages and in the API. Services themselves only ever see the names that they declare.
 */
export interface FlagNames {
  /** Whether the names outside say nothing; then nothing else shall say it either. */
  readonly areOpaque: boolean;
  /** A declared flag as it is told outside. */
  outside(flag: KnownFlag): KnownFlag;
  /** What a variant of a declared flag is called outside. */
  setting(key: string, variant: string): { readonly key: string; readonly variant: string };
  /** What services evaluate, from the definitions outside. */
  inside(document: FlagDocument): FlagDocument;
}

/** Names as they are declared. */
export const plainNames: FlagNames = {
  areOpaque: false,
  outside: (flag) => flag,
  setting: (key, variant) => ({ key, variant }),
  inside: (document) => document,
};

/**
 * Names that say nothing, by a mapping that its operator keeps. Outside a flag has neither description nor rule nor
 * values: each variant stands for itself there, and gets its value, and the rule that is declared, inside.
 *
 * @param mapping complete for `declared`
 */
export function opaqueNames(mapping: FlagMapping, declared: readonly FlagDeclaration[]): FlagNames {
  const flags = new Map(declared.map((flag) => [flag.key, opaqueFlag(mapping, flag)]));
  const flagOf = (key: string): OpaqueFlag => {
    const flag = flags.get(key);
    if (flag === undefined) throw new Error(`${key} is told outside without being declared`);
    return flag;
  };
  return {
    areOpaque: true,
    outside({ key, resting, isFault }) {
      const { key: told, namesOf, variants } = flagOf(key);
      return {
        key: told,
        description: "",
        // In the order of their names, which is none.
        variants: Object.fromEntries([...variants.keys()].sort().map((name) => [name, name])),
        resting: namesOf(resting),
        service: "",
        isFault,
      };
    },
    setting(key, variant) {
      const { key: told, namesOf } = flagOf(key);
      return { key: told, variant: namesOf(variant) };
    },
    inside: (document) => ({
      flags: Object.fromEntries(
        [...flags.values()].flatMap((flag) => {
          const outside = document.flags[flag.key];
          return outside === undefined ? [] : [[flag.declaration.key, insideOf(flag, outside)]];
        }),
      ),
    }),
  };
}

interface OpaqueFlag {
  readonly declaration: FlagDeclaration;
  readonly key: string;
  /** Declared variants by their names outside. */
  readonly variants: ReadonlyMap<string, string>;
  namesOf(variant: string): string;
}

function opaqueFlag({ flags }: FlagMapping, declaration: FlagDeclaration): OpaqueFlag {
  const mapped = flags[declaration.key];
  if (mapped === undefined) throw new Error(`The mapping of flags lacks ${declaration.key}`);
  const { key, variants, aliases = {} } = mapped;
  const known = Object.entries(variants).filter(([variant]) => Object.hasOwn(declaration.variants, variant));
  return {
    declaration,
    key,
    variants: new Map([...known.map(([variant, name]) => [name, variant] as const), ...Object.entries(aliases)]),
    namesOf(variant) {
      const name = variants[variant];
      if (name === undefined) throw new Error(`The mapping of flags lacks ${variant} of ${declaration.key}`);
      return name;
    },
  };
}

/** A rule from outside takes the place of the one that is declared; without one, that is switched. */
function insideOf({ declaration, variants }: OpaqueFlag, outside: FlagDefinition): FlagDefinition {
  const { state, defaultVariant, targeting } = outside;
  const variant = variants.get(defaultVariant ?? "") ?? declaration.resting;
  const atRest = { ...flagDefinition(declaration), state };
  if (targeting !== undefined && Object.keys(targeting).length > 0) {
    return { ...atRest, defaultVariant: variant, targeting: { ...renamed(targeting, variants) } };
  }
  const { key } = declaration;
  return withVariant({ flags: { [key]: atRest } }, key, variant).flags[key] ?? atRest;
}

/** A rule with each name of a variant replaced, wherever it stands. */
function renamed<T>(rule: T, variants: ReadonlyMap<string, string>): T {
  return JSON.parse(JSON.stringify(rule), (_, value) =>
    typeof value === "string" ? (variants.get(value) ?? value) : value,
  );
}
