/** What the pages show of a manifest, as scenarios/schema.json has it. */
export type Manifest = {
  readonly id: string;
  readonly load: { readonly users: number } | { readonly requestsPerSecond: number };
  readonly phases: {
    readonly baselineSeconds: number;
    readonly faultSeconds: number;
    readonly recoverySeconds: number;
  };
  readonly faults: readonly {
    readonly flag: string;
    readonly variant: string;
    readonly target: string;
    readonly afterSeconds: number;
    readonly rootCause?: { readonly entity: string; readonly reason: string; readonly category: string };
    readonly isDecoy?: true;
  }[];
  readonly propagation: readonly {
    readonly from: string;
    readonly to: string;
    readonly condition: string;
    readonly effect: string;
  }[];
  readonly effects: readonly {
    readonly name: string;
    readonly sql: string;
    readonly direction: "down" | "up";
    readonly atLeast: number;
  }[];
  readonly slis: readonly { readonly name: string; readonly direction: "down" | "up" }[];
  readonly alerts: readonly string[];
  readonly decoys: readonly { readonly entity: string; readonly why: string }[];
  readonly timeToDetect?: { readonly minimumSeconds: number; readonly typicalSeconds: number };
  readonly mitigations: readonly {
    readonly action: string;
    readonly flag?: string;
    readonly service?: string;
    readonly replicas?: number;
    readonly helps: boolean;
    readonly why: string;
  }[];
};

/** The service has checked it against its schema before it sends it. */
export function readManifest(json: string): Manifest {
  return JSON.parse(json) as Manifest;
}
