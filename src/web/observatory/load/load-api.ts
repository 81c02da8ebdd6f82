/** What the load generator tells of itself; docs/load.md has the calls. */
export type LoadStatus = {
  readonly state: "idle" | "waiting" | "running" | "stopping";
  readonly target: string;
  readonly seed: number;
  readonly users: number;
  readonly browserUsers: number;
  readonly inFlight: number;
  readonly ratePerSecond: number;
  readonly settings: {
    readonly users: number;
    readonly browserUsers: number;
    readonly ratePerSecond: number;
    readonly thinkTime: { readonly lowMs: number; readonly highMs: number };
  };
};

/** Quantiles in milliseconds. */
type Times = {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

export type RequestRow = {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly times: Times;
};

export type FailureRow = {
  readonly name: string;
  readonly kind: string;
  readonly detail: string;
  readonly count: number;
};

export type LoadStats = {
  readonly begunAt: string;
  readonly seconds: number;
  readonly total: RequestRow;
  /** Without the delay of late starts. */
  readonly serviceTimes: Times;
  readonly requests: readonly RequestRow[];
  readonly failures: readonly FailureRow[];
  readonly arrivals?: { readonly started: number; readonly late: number; readonly dropped: number };
  readonly samples: readonly {
    /** Seconds since it began. */
    readonly at: number;
    readonly users: number;
    readonly perSecond: number;
    readonly failedPerSecond: number;
    readonly p50: number;
    readonly p99: number;
  }[];
};

/** Why the load generator did not do something, in its own words where it gave some. */
export class LoadError extends Error {
  /** Whether there is none, rather than one that refuses. */
  readonly isAway: boolean;

  constructor(message: string, isAway: boolean) {
    super(message);
    this.isAway = isAway;
  }
}

const timeoutMs = 10_000;

/** Asks the load generator behind the shop's front for one thing. */
async function ask<T>(method: string, path: string, options: { signal?: AbortSignal; body?: object } = {}): Promise<T> {
  const { signal, body } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  const response = await fetch(`/loadgen/api/v1/${path}`, {
    method,
    cache: "no-store",
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new LoadError("The load generator does not answer.", true);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  const detail =
    typeof answer === "object" && answer !== null && "detail" in answer ? String(answer.detail) : undefined;
  throw new LoadError(
    detail ?? `The load generator does not answer (status ${response.status}).`,
    response.status >= 500 || response.status === 404,
  );
}

export const loadGenerator = {
  status: (signal: AbortSignal) => ask<LoadStatus>("GET", "status", { signal }),
  stats: (signal: AbortSignal) => ask<LoadStats>("GET", "stats", { signal }),
  start: (body: object) => ask<LoadStatus>("POST", "start", { body }),
  change: (body: object) => ask<LoadStatus>("PATCH", "settings", { body }),
  stop: () => ask<LoadStatus>("POST", "stop", { body: {} }),
  reset: () => ask<LoadStatus>("POST", "reset", { body: {} }),
} as const;
