import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import { attribute, event, metric } from "../../gen/telemetry/registry.ts";
import { SeededRandom } from "../domain/seeded-random.ts";
import { ConfigError } from "../platform/config/environment.ts";
import type { Logger } from "../platform/logging/logger.ts";
import { silent, type Telemetry } from "../platform/telemetry/telemetry.ts";
import { ArrivalSchedule } from "./arrival-schedule.ts";
import type { LoadBrowser } from "./browser-users.ts";
import { ClosedModel } from "./closed-model.ts";
import type { Failure } from "./failure.ts";
import { HttpClient } from "./http-client.ts";
import { loadInstruments } from "./instruments.ts";
import { OpenModel } from "./open-model.ts";
import { type Plan, steadyPlan } from "./plan.ts";
import type { DurationRange } from "./quantities.ts";
import { type Snapshot, Statistics } from "./statistics.ts";
import { type LoadSwitches, noSwitches } from "./switches.ts";
import { drawTask } from "./tasks.ts";
import { errorType, Visit, type VisitContext } from "./visit.ts";

export interface LoadOptions {
  /** The shop's front. */
  readonly target: URL;
  /** All choices follow from it. */
  readonly seed: number;
  /** Pauses of a user between tasks. */
  readonly thinkTime: DurationRange;
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
  /** Visitors of the open model that are served at once. */
  readonly maxInFlight: number;
  /** Whether the open model's arrivals are equally far apart, or at random as those of independent visitors. */
  readonly arrivals: "even" | "random";
  /** Users who open pages in a real browser. */
  readonly browserUsers: number;
  readonly switches?: LoadSwitches;
  /** Whether a flood of the home page is told as a mere visit to it. */
  readonly hidesFloods?: boolean;
  readonly telemetry?: Telemetry;
  readonly log?: Logger;
}

export const defaultLoadOptions = {
  seed: 1,
  thinkTime: { lowMs: 1_000, highMs: 10_000 },
  timeoutMs: 15_000,
  maxInFlight: 1_000,
  arrivals: "even",
  browserUsers: 0,
} as const satisfies Partial<LoadOptions>;

export type LoadState = "idle" | "running" | "stopping";

/** Numbers of streams of random numbers, apart from those of users. */
const arrivalStream = 2 ** 40;
const visitorStreams = 2 ** 41;
const browserStreams = 2 ** 42;

const tickMs = 100;
/** The longest that an answer is waited for at the end, in milliseconds. */
const closeMs = 2_000;
const sampleMs = 1_000;
/** A user who finds nobody there tries again no sooner, in milliseconds. */
const awayPauseMs = 200;
/** Each kind of failure is logged once in this time, in milliseconds. */
const toldAgainMs = 10_000;

/** Plays users of the shop by a plan, checks what they are answered, and keeps the figures. */
export class LoadGenerator {
  readonly target: URL;
  /** Of the choices of those who come from now on. */
  seed: number;
  readonly #options: LoadOptions;
  readonly #switches: LoadSwitches;
  readonly #statistics = new Statistics();
  readonly #context: VisitContext;
  readonly #client: HttpClient;
  readonly #closed: ClosedModel;
  readonly #open: OpenModel;
  readonly #browsing: ClosedModel;
  readonly #told = new Map<string, number>();
  #browser: LoadBrowser | undefined;
  #browserUsers: number;
  #thinkTime: DurationRange;
  #plan: Plan = steadyPlan({ users: 0, ratePerSecond: 0 });
  #planBegun = 0;
  #sampled = 0;
  #state: LoadState = "idle";
  #timer: NodeJS.Timeout | undefined;
  #ended = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    const { target, seed, timeoutMs, maxInFlight, telemetry = silent, switches = noSwitches } = options;
    this.target = target;
    this.seed = seed;
    this.#options = options;
    this.#switches = switches;
    this.#thinkTime = options.thinkTime;
    this.#browserUsers = options.browserUsers;
    this.#client = new HttpClient(target, { timeoutMs });
    const instruments = loadInstruments(telemetry, { server: target.hostname });
    const statistics = this.#statistics;
    this.#context = {
      client: this.#client,
      statistics,
      telemetry,
      instruments,
      floodsAre: options.hidesFloods ? "index" : "floodHome",
      onFailure: (failure, request) => this.#tell(failure, request),
    };
    this.#closed = new ClosedModel((number, signal) => this.#user(number, signal));
    this.#browsing = new ClosedModel((number, signal) => this.#browserUser(number, signal));
    this.#open = new OpenModel({
      visit: (number, intendedAt) => this.#visitor(number, intendedAt),
      statistics,
      maxInFlight,
      onDropped: (count) => instruments.dropped.add(count),
    });
    const users = telemetry.meter.createObservableGauge(metric.demoLoadUsers.name, metric.demoLoadUsers);
    users.addCallback((result) => {
      result.observe(this.#closed.users, { [attribute.demoLoadUserKind]: "http" });
      result.observe(this.#browsing.users, { [attribute.demoLoadUserKind]: "browser" });
    });
  }

  get state(): LoadState {
    return this.#state;
  }

  /** What there is now, and what is wanted. */
  get status() {
    const elapsed = performance.now() - this.#planBegun;
    const isRunning = this.#state === "running";
    return {
      state: this.#state,
      target: this.target.href,
      seed: this.seed,
      users: this.#closed.users,
      browserUsers: this.#browsing.users,
      inFlight: this.#open.inFlight,
      wantedUsers: isRunning ? Math.round(this.#plan.usersAt(elapsed)) : 0,
      ratePerSecond: isRunning ? this.#plan.rateAt(elapsed) : 0,
      thinkTime: this.#thinkTime,
    };
  }

  get progress() {
    return this.#statistics.progress;
  }

  snapshot(): Snapshot {
    return this.#statistics.snapshot();
  }

  /** Resolves when a plan is over, or was stopped. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * How many users shall have a browser, from the next plan on; the browser is started for the first of them.
   *
   * @throws ConfigError when there is no browser; they do not come then
   */
  async setBrowserUsers(count: number): Promise<void> {
    this.#browserUsers = count;
    if (count === 0 || this.#browser !== undefined) return;
    // Only where somebody wants it: it brings a browser along.
    const { LoadBrowser } = await import("./browser-users.ts").catch((cause) => {
      if (cause.code !== "ERR_MODULE_NOT_FOUND") throw cause;
      throw new ConfigError("Users with a browser need the package playwright-core, which is not installed here.", {
        cause,
      });
    });
    this.#browser = await LoadBrowser.open(this.target);
  }

  /** Begins a plan; while one runs it is followed from now on instead, and users that are there stay. */
  start(plan: Plan): void {
    if (this.#state === "stopping") throw new Error("The load is being stopped.");
    this.#plan = plan;
    this.#planBegun = performance.now();
    const random = new SeededRandom(this.seed, arrivalStream);
    const nextGap = this.#options.arrivals === "even" ? () => 1 : () => random.exponential();
    if (this.#state === "idle") {
      this.#state = "running";
      this.#ended = Promise.withResolvers();
      this.reset();
      this.#timer = setInterval(() => this.#tick(), tickMs);
    }
    if (this.#browser !== undefined) this.#browsing.setUsers(this.#browserUsers);
    this.#tick();
    this.#open.follow(new ArrivalSchedule((ms) => plan.rateAt(ms), nextGap));
    this.#options.log?.info(
      {
        event: event.loadStart,
        [attribute.demoLoadUsersCount]: Math.round(plan.usersAt(0)),
        [attribute.demoLoadRate]: plan.rateAt(0),
      },
      "Load begins",
    );
  }

  setThinkTime(range: DurationRange): void {
    this.#thinkTime = range;
  }

  /** Forgets the figures so far. */
  reset(): void {
    this.#statistics.reset();
    this.#sampled = performance.now();
  }

  /** Lets everybody finish what is under way. */
  async stop(): Promise<void> {
    if (this.#state !== "running") return this.#state === "stopping" ? this.ended : undefined;
    this.#state = "stopping";
    clearInterval(this.#timer);
    await Promise.all([this.#open.stop(), this.#closed.stop(), this.#browsing.stop()]);
    this.#statistics.end();
    this.#state = "idle";
    this.#options.log?.info({ event: event.loadStop }, "Load has ended");
    this.#ended.resolve();
  }

  /** Stops, and closes all connections; what a shop that hangs does not answer by then is broken off. */
  async close(): Promise<void> {
    const patience = setTimeout(() => this.#client.close(), closeMs);
    await this.stop();
    clearTimeout(patience);
    await this.#browser?.close();
    this.#client.close();
  }

  #tick(): void {
    const now = performance.now();
    const elapsed = now - this.#planBegun;
    if (elapsed >= this.#plan.durationMs) {
      void this.stop();
      return;
    }
    this.#closed.setUsers(Math.round(this.#plan.usersAt(elapsed)));
    if (now - this.#sampled < sampleMs) return;
    this.#sampled = now;
    this.#statistics.sample(this.#closed.users + this.#browsing.users);
  }

  /** A user of the closed model: a session, and one task after the other. */
  async #user(number: number, signal: AbortSignal): Promise<void> {
    const random = new SeededRandom(this.seed, number);
    let visit: Visit | undefined;
    while (!signal.aborted) {
      let failure: Failure | undefined;
      if (await this.#switches.traffic()) {
        if (visit === undefined) {
          visit = new Visit(this.#context, random.uuid());
          await visit.perform({ name: "startSession" });
          if (signal.aborted) return;
        }
        const floods = await this.#switches.flood();
        failure = await visit.perform(drawTask(random, { floods: floods > 0 }), { floods });
      }
      const { lowMs, highMs } = this.#thinkTime;
      const thinkMs = random.between(lowMs, highMs);
      await pause(failure?.kind === "connection" ? Math.max(thinkMs, awayPauseMs) : thinkMs, signal);
    }
  }

  /** A visitor of the open model: a task. */
  async #visitor(number: number, intendedAt: number): Promise<void> {
    if (!(await this.#switches.traffic())) return;
    const floods = await this.#switches.flood();
    const random = new SeededRandom(this.seed, visitorStreams + number);
    const visit = new Visit(this.#context, random.uuid());
    await visit.perform(drawTask(random, { floods: floods > 0 }), { intendedAt, floods });
  }

  async #browserUser(number: number, signal: AbortSignal): Promise<void> {
    const random = new SeededRandom(this.seed, browserStreams + number);
    const user = await this.#browser?.newUser(this.#context, random);
    while (user !== undefined && !signal.aborted) {
      if (await this.#switches.traffic()) await user.doSomething(signal);
      const { lowMs, highMs } = this.#thinkTime;
      await pause(random.between(lowMs, highMs), signal);
    }
    await user?.leave();
  }

  #tell(failure: Failure, request: string): void {
    const { log } = this.#options;
    const key = `${request}\n${failure.kind}\n${failure.detail}`;
    const now = performance.now();
    if (log === undefined || now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < toldAgainMs) return;
    if (this.#told.size > 1_000) this.#told.clear();
    this.#told.set(key, now);
    log.warn(
      {
        event: event.loadCheckFailed,
        [attribute.demoLoadRequest]: request,
        [attribute.demoLoadFailure]: failure.detail,
        [attribute.errorType]: errorType(failure),
      },
      "An answer was not as it should be",
    );
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
  // A timer takes a millisecond at least.
  else await immediately();
}
