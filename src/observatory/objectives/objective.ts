/** Which spans of a service count: its entries of one kind, all or those of some names. */
export interface OperationMatch {
  readonly kind: "server" | "consumer";
  readonly names?: readonly string[];
}

/** What is a good event. */
export type Indicator =
  /** Spans without error. */
  | { readonly kind: "availability"; readonly operations: OperationMatch }
  /** Of the spans without error, those that took no longer than the threshold, to the nearest 9 %. */
  | { readonly kind: "latency"; readonly operations: OperationMatch; readonly thresholdMs: number }
  /** Measurements of a histogram of the service, in seconds, that are no greater than one of its bounds. */
  | {
      readonly kind: "delay";
      readonly metric: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly thresholdSeconds: number;
    }
  /** What one counter counts, of that and what another one counts. */
  | { readonly kind: "outcomes"; readonly good: string; readonly bad: string };

/** What a service promises. */
export interface ObjectiveDefinition {
  /** Kebab-case. */
  readonly name: string;
  readonly service: string;
  readonly description: string;
  readonly indicator: Indicator;
  /** Share of events that shall be good: 0.995. */
  readonly target: number;
  readonly windowSeconds: number;
}
