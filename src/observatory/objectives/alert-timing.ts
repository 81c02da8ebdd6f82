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

/** When alerts are raised, and when they clear. */
export interface AlertTiming {
  readonly policies: readonly BurnRatePolicy[];
  /** Events in the long window below which nothing is raised: of three calls, one that fails says little. */
  readonly minEvents: number;
  /** How long the condition of an objective must hold before an alert is raised. */
  readonly raiseAfterSeconds: number;
  /** How long any condition must not hold before an alert clears. */
  readonly clearAfterSeconds: number;
}

/**
 * Multi-window, multi-burn-rate alerts as in "The Site Reliability Workbook", chapter 5 ("Alerting on SLOs", section 6),
 * scaled from its 30 days to an hour, so that a fault shows within a minute or two of a demonstration. There, a page
 * stands for 2 % of the budget in an hour; here, it takes half the budget within five minutes, and a ticket all of it
 * within half an hour.
 */
export const alertTiming: AlertTiming = {
  policies: [
    { severity: "page", longSeconds: 300, shortSeconds: 60, rate: 6 },
    { severity: "ticket", longSeconds: 1_800, shortSeconds: 300, rate: 2 },
  ],
  minEvents: 10,
  raiseAfterSeconds: 10,
  clearAfterSeconds: 30,
};

/** The same, so many times as fast. */
export function scaledTiming({ policies, ...timing }: AlertTiming, timeScale: number): AlertTiming {
  return {
    policies: policies.map((policy) => ({
      ...policy,
      longSeconds: policy.longSeconds / timeScale,
      shortSeconds: policy.shortSeconds / timeScale,
    })),
    minEvents: timing.minEvents,
    raiseAfterSeconds: timing.raiseAfterSeconds / timeScale,
    clearAfterSeconds: timing.clearAfterSeconds / timeScale,
  };
}
