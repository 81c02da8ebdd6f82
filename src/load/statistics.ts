import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Failure } from "./failure.ts";

/** Microseconds: a second in a thousand parts costs what an hour costs, so times are capped at ten minutes. */
const highestUs = 600_000_000;
/** Different failures told apart. */
const maxFailures = 200;
/** Points of the course over time; beyond that, each comes to stand for twice the time. */
const maxSamples = 1_200;

/** Quantiles of times, in milliseconds. */
export interface Times {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** How requests of one kind went. */
export interface RequestRow {
  /** `GET /api/products/{productId}` */
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly times: Times;
}

export interface FailureRow extends Failure {
  /** Of the request. */
  readonly name: string;
  readonly count: number;
}

/** What happened in some seconds. */
export interface Sample {
  /** Seconds since the start, at its end. */
  readonly at: number;
  readonly users: number;
  readonly perSecond: number;
  readonly failedPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** How the arrivals of the open model went. */
export interface Arrivals {
  readonly started: number;
  /** Those started more than {@link lateMs} after the intended time. */
  readonly late: number;
  /** Those never started, for nobody was free in time. */
  readonly dropped: number;
}

/** Later than this is late, in milliseconds. */
export const lateMs = 10;

export interface Snapshot {
  /** ISO 8601. */
  readonly begunAt: string;
  readonly seconds: number;
  readonly total: RequestRow;
  /** The times of all requests without the delay of late starts; the same as in `total` without arrivals. */
  readonly serviceTimes: Times;
  readonly requests: readonly RequestRow[];
  readonly tasks: readonly { readonly name: string; readonly count: number; readonly failed: number }[];
  readonly failures: readonly FailureRow[];
  readonly arrivals?: Arrivals;
  readonly samples: readonly Sample[];
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: highestUs, figures: 3 });
}

/** Numbers of requests by outcome, and their times. Node's histograms are HdrHistogram in C. */
class Tally {
  count = 0;
  failed = 0;
  readonly times = histogram();

  add(ms: number, isFailed: boolean): void {
    this.count++;
    if (isFailed) this.failed++;
    this.times.record(microseconds(ms));
  }

  row(name: string, seconds: number): RequestRow {
    const { count, failed } = this;
    return { name, count, failed, perSecond: seconds > 0 ? count / seconds : 0, times: timesOf(this.times) };
  }
}

/** Keeps what happened since a start, in bounded memory. */
export class Statistics {
  #begunAt = Date.now();
  #begun = performance.now();
  #ended: number | undefined;
  #total = new Tally();
  #service = histogram();
  readonly #requests = new Map<string, Tally>();
  readonly #tasks = new Map<string, { count: number; failed: number }>();
  readonly #failures = new Map<string, { -readonly [K in keyof FailureRow]: FailureRow[K] }>();
  #arrivals: { -readonly [K in keyof Arrivals]: Arrivals[K] } | undefined;
  #samples: Sample[] = [];
  #sampleSeconds = 1;
  #sampled = { at: 0, count: 0, failed: 0 };
  readonly #recent = histogram();

  /** Forgets everything, and begins anew. */
  reset(): void {
    this.#begunAt = Date.now();
    this.#begun = performance.now();
    this.#ended = undefined;
    this.#total = new Tally();
    this.#service = histogram();
    this.#requests.clear();
    this.#tasks.clear();
    this.#failures.clear();
    this.#arrivals = undefined;
    this.#samples = [];
    this.#sampleSeconds = 1;
    this.#sampled = { at: 0, count: 0, failed: 0 };
    this.#recent.reset();
  }

  /** From here on no time passes. */
  end(): void {
    this.#ended ??= performance.now();
  }

  /**
   * Counts a request.
   *
   * @param request.ms from the intended time of its start to the end of its answer
   * @param request.serviceMs the same from its real start
   */
  request(request: {
    readonly name: string;
    readonly ms: number;
    readonly serviceMs: number;
    readonly failure?: Failure | undefined;
  }): void {
    const { name, ms, serviceMs, failure } = request;
    const isFailed = failure !== undefined;
    this.#total.add(ms, isFailed);
    this.#service.record(microseconds(serviceMs));
    this.#recent.record(microseconds(ms));
    let tally = this.#requests.get(name);
    if (tally === undefined) {
      tally = new Tally();
      this.#requests.set(name, tally);
    }
    tally.add(ms, isFailed);
    if (isFailed) this.#fail(name, failure);
  }

  #fail(name: string, { kind, detail }: Failure): void {
    const key = `${name}\n${kind}\n${detail}`;
    const known = this.#failures.get(key);
    if (known !== undefined) known.count++;
    else if (this.#failures.size < maxFailures || detail === otherFailures)
      this.#failures.set(key, { name, kind, detail, count: 1 });
    else this.#fail(name, { kind, detail: otherFailures });
  }

  task(name: string, isFailed: boolean): void {
    let counts = this.#tasks.get(name);
    if (counts === undefined) {
      counts = { count: 0, failed: 0 };
      this.#tasks.set(name, counts);
    }
    counts.count++;
    if (isFailed) counts.failed++;
  }

  /** Counts an arrival that is started, so much after the time that was intended, or is given up. */
  arrival(delayMs: number | "dropped"): void {
    this.#arrivals ??= { started: 0, late: 0, dropped: 0 };
    if (delayMs === "dropped") {
      this.#arrivals.dropped++;
      return;
    }
    this.#arrivals.started++;
    if (delayMs > lateMs) this.#arrivals.late++;
  }

  /** Adds a point to the course over time; to be called every second. */
  sample(users: number): void {
    const at = (performance.now() - this.#begun) / 1_000;
    const seconds = at - this.#sampled.at;
    if (seconds < this.#sampleSeconds * 0.9) return;
    const { count, failed } = this.#total;
    this.#samples.push({
      at,
      users,
      perSecond: (count - this.#sampled.count) / seconds,
      failedPerSecond: (failed - this.#sampled.failed) / seconds,
      p50: milliseconds(this.#recent.percentile(50)),
      p99: milliseconds(this.#recent.percentile(99)),
    });
    this.#sampled = { at, count, failed };
    this.#recent.reset();
    if (this.#samples.length < maxSamples) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 1);
    this.#sampleSeconds *= 2;
  }

  /** Requests so far, and of the last whole second. */
  get progress(): { readonly count: number; readonly failed: number; readonly latest: Sample | undefined } {
    return { count: this.#total.count, failed: this.#total.failed, latest: this.#samples.at(-1) };
  }

  snapshot(): Snapshot {
    const seconds = ((this.#ended ?? performance.now()) - this.#begun) / 1_000;
    return {
      begunAt: new Date(this.#begunAt).toISOString(),
      seconds,
      total: this.#total.row("total", seconds),
      serviceTimes: timesOf(this.#service),
      requests: [...this.#requests]
        .map(([name, tally]) => tally.row(name, seconds))
        .sort((a, b) => a.name.localeCompare(b.name)),
      tasks: [...this.#tasks]
        .map(([name, counts]) => ({ name, ...counts }))
        .sort((a, b) => a.name.localeCompare(b.name)),
      failures: [...this.#failures.values()].map((row) => ({ ...row })).sort((a, b) => b.count - a.count),
      ...(this.#arrivals === undefined ? {} : { arrivals: { ...this.#arrivals } }),
      samples: [...this.#samples],
    };
  }
}

const otherFailures = "(others)";

function microseconds(ms: number): number {
  return Math.min(highestUs, Math.max(1, Math.round(ms * 1_000)));
}

function milliseconds(us: number): number {
  return us / 1_000;
}

function timesOf(recorded: RecordableHistogram): Times {
  if (recorded.count === 0) return { min: 0, mean: 0, p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, p999: 0, max: 0 };
  const at = (percentile: number) => milliseconds(recorded.percentile(percentile));
  return {
    min: milliseconds(recorded.min),
    mean: milliseconds(recorded.mean),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: milliseconds(recorded.max),
  };
}
