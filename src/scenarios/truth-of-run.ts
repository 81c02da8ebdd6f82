import { culpritsOf, type Manifest } from "./manifest.ts";
import type { Truth } from "./truth.ts";

/** The ground truth of a run whose first fault was injected at a time, in milliseconds of Unix time. */
export function truthOf(manifest: Manifest, injectedMs: number): Truth {
  return {
    version: 1,
    scenario: manifest.id,
    rootCauses: culpritsOf(manifest).map(({ rootCause: { entity, reason, category }, afterSeconds }) => ({
      entity,
      reason,
      category,
      injectedAt: new Date(injectedMs + afterSeconds * 1_000).toISOString(),
    })),
  };
}
