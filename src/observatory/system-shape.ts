import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";

/** What the declarations say that there is, before anything was seen. */
export interface SystemShape {
  readonly nodes: ReadonlyMap<string, { readonly criticality: string }>;
  /** `from\nto`, by the names of the map's nodes. */
  readonly edges: ReadonlySet<string>;
}

export type DeclaredService = Pick<
  ServiceDeclaration,
  "name" | "criticality" | "calls" | "schema" | "publishes" | "consumes"
>;

/** The shape of a system by its services' declarations. */
export function systemShape(declarations: readonly DeclaredService[]): SystemShape {
  const nodes = new Map(declarations.map(({ name, criticality }) => [name, { criticality }]));
  const edges = new Set<string>();
  for (const { name, calls, schema, publishes, consumes } of declarations) {
    for (const callee of calls) edges.add(`${name}\n${callee}`);
    if (schema !== undefined) edges.add(`${name}\npostgresql/${schema}`);
    for (const topic of publishes ?? []) edges.add(`${name}\ntopic/${topic}`);
    for (const topic of consumes ?? []) edges.add(`topic/${topic}\n${name}`);
  }
  return { nodes, edges };
}
