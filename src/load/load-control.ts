import type { LoadGenerator } from "./load-generator.ts";
import { steadyPlan } from "./plan.ts";
import type { DurationRange } from "./quantities.ts";
import type { LoadSwitches } from "./switches.ts";
import { untilThere } from "./target.ts";

/** How much load there shall be. */
export interface LoadSettings {
  readonly users: number;
  /** Users who open pages in a real browser. */
  readonly browserUsers: number;
  readonly ratePerSecond: number;
  readonly thinkTime: DurationRange;
}

const pollMs = 2_000;

/** A load that goes on until somebody changes or stops it: people by the control API, or feature flags. */
export class LoadControl {
  readonly #generator: LoadGenerator;
  readonly #switches: LoadSwitches;
  readonly #onAway: (why: string) => void;
  readonly #stopping = new AbortController();
  #settings: LoadSettings;
  /** What a flag said last; a change of it counts as much as one by people. */
  #flagged: number | undefined;
  #isWaiting = false;
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param options.onAway told that there is nobody at the target yet */
  constructor(options: {
    readonly generator: LoadGenerator;
    readonly settings: LoadSettings;
    readonly switches: LoadSwitches;
    readonly onAway: (why: string) => void;
  }) {
    this.#generator = options.generator;
    this.#settings = options.settings;
    this.#switches = options.switches;
    this.#onAway = options.onAway;
  }

  /** Follows the flags; what they say now replaces the settings if `isFlagFirst`. */
  async follow({ isFlagFirst }: { readonly isFlagFirst: boolean }): Promise<void> {
    this.#flagged = await this.#switches.users();
    if (isFlagFirst && this.#flagged !== undefined) this.#settings = { ...this.#settings, users: this.#flagged };
    this.#timer = setInterval(() => void this.#poll().catch(() => {}), pollMs);
  }

  async #poll(): Promise<void> {
    const users = await this.#switches.users();
    if (users === undefined || users === this.#flagged) return;
    this.#flagged = users;
    await this.change({ users });
  }

  get settings(): LoadSettings {
    return this.#settings;
  }

  get generator(): LoadGenerator {
    return this.#generator;
  }

  get status() {
    const { wantedUsers, ...now } = this.#generator.status;
    const state = this.#isWaiting ? ("waiting" as const) : now.state;
    return { ...now, state, settings: this.#settings };
  }

  /** Begins as soon as somebody answers at the target. */
  async begin(): Promise<void> {
    this.#isWanted = true;
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    try {
      const { signal } = this.#stopping;
      const withinMs = Number.POSITIVE_INFINITY;
      await untilThere(this.#generator.target, { withinMs, signal, onAway: ({ detail }) => this.#onAway(detail) });
    } finally {
      this.#isWaiting = false;
    }
    if (this.#isWanted && !this.#stopping.signal.aborted) this.#apply();
  }

  /**
   * Begins with the settings, changed if need be, or goes on with them.
   *
   * @param options.spawnRate users who come or go in a second; all at once unless given
   */
  async start(
    changes: Partial<LoadSettings> = {},
    options: { readonly spawnRate?: number; readonly durationMs?: number } = {},
  ): Promise<void> {
    this.#isWanted = true;
    await this.#take(changes);
    // One that is stopping has to be at its end first.
    if (this.#generator.state === "stopping") await this.#generator.ended;
    if (this.#isWanted) this.#apply(options);
  }

  /** Changes the settings; what runs follows them at once. */
  async change(changes: Partial<LoadSettings>): Promise<void> {
    await this.#take(changes);
    if (this.#generator.state === "running") this.#apply();
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#generator.stop();
  }

  async #take(changes: Partial<LoadSettings>): Promise<void> {
    const { browserUsers } = changes;
    if (browserUsers !== undefined) await this.#generator.setBrowserUsers(browserUsers);
    this.#settings = { ...this.#settings, ...changes };
  }

  /** Stops for good. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isWanted = false;
    this.#stopping.abort();
    await this.#generator.close();
  }

  #apply({ spawnRate, durationMs }: { readonly spawnRate?: number; readonly durationMs?: number } = {}): void {
    const { users, ratePerSecond, thinkTime } = this.#settings;
    const { users: fromUsers, ratePerSecond: fromRate } = this.#generator.status;
    const rampMs = spawnRate === undefined ? 0 : (Math.abs(users - fromUsers) / spawnRate) * 1_000;
    this.#generator.setThinkTime(thinkTime);
    this.#generator.start(
      steadyPlan({
        users,
        ratePerSecond,
        fromUsers,
        fromRate,
        rampMs,
        ...(durationMs === undefined ? {} : { durationMs }),
      }),
    );
  }
}
