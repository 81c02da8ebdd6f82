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
  /** Measurements of a histogram, in seconds, that are no greater than one of its bounds. */
  | {
      readonly kind: "delay";
      readonly metric: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly thresholdSeconds: number;
    };

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

/**
 * An alert is raised while the error budget burns at `rate` or faster over both windows: the long one so that a few
 * failures do not raise it, the short one so that it clears soon after the failures end.
 */
export interface BurnRatePolicy {
  readonly severity: "page" | "ticket";
  readonly longSeconds: number;
  readonly shortSeconds: number;
  /** 1 uses up the budget exactly over the objective's window. */
  readonly rate: number;
}

/**
 * Multi-window, multi-burn-rate alerts as in "The Site Reliability Workbook", chapter 5 ("Alerting on SLOs", section 6),
 * scaled from its 30 days to an hour, so that a fault shows within a minute or two of a demonstration. There, a page
 * stands for 2 % of the budget in an hour; here, it takes half the budget within five minutes, and a ticket all of it
 * within half an hour.
 */
export const burnRatePolicies: readonly BurnRatePolicy[] = [
  { severity: "page", longSeconds: 300, shortSeconds: 60, rate: 6 },
  { severity: "ticket", longSeconds: 1_800, shortSeconds: 300, rate: 2 },
];

/** Events in the long window below which nothing is raised: of three calls, one that fails says little. */
export const minEvents = 10;
/** How long the condition must hold before an alert is raised, and how long it must not before one clears. */
export const raiseAfterSeconds = 10;
export const clearAfterSeconds = 30;
