import { alertTiming } from "../observatory/objectives/alert-timing.ts";
import type { ObjectiveDefinition } from "../observatory/objectives/objective.ts";
import type { SaturationDefinition } from "../observatory/objectives/saturation.ts";
import { type DeclaredService, systemShape } from "../observatory/system-shape.ts";

/** The names that a manifest may use. */
export interface KnownSystem {
  readonly services: ReadonlySet<string>;
  /** Nodes of the service map: services, stores, topics, and who calls the shop. */
  readonly entities: ReadonlySet<string>;
  readonly slis: ReadonlySet<string>;
  readonly alerts: ReadonlySet<string>;
  /** Variants by flag. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

/** Makes the load, and reads flags like a service; where it is no service of the shop, it is outside and still there. */
const loadGenerator = "load-generator";

export function knownSystem(parts: {
  readonly services: readonly DeclaredService[];
  readonly objectives: readonly ObjectiveDefinition[];
  readonly saturations: readonly Pick<SaturationDefinition, "name">[];
  readonly flags: ReadonlyMap<string, readonly string[]>;
}): KnownSystem {
  const { nodes, edges } = systemShape(parts.services);
  const services = new Set([...nodes.keys(), loadGenerator]);
  const names = parts.objectives.map(({ name }) => name);
  return {
    services,
    entities: new Set([...services, "browser", ...[...edges].flatMap((edge) => edge.split("\n"))]),
    slis: new Set(names),
    alerts: new Set([
      ...names.flatMap((name) => alertTiming.policies.map(({ severity }) => `${name}-${severity}`)),
      ...parts.saturations.map(({ name }) => name),
    ]),
    flags: parts.flags,
  };
}
