import { randomInt } from "node:crypto";
import { variantOf, withVariant } from "../../../platform/flags/flag-document.ts";
import type { FlagFile } from "../../../platform/flags/flag-file.ts";
import type { KnownFlag } from "../../../platform/flags/flag-names.ts";
import type { Logger } from "../../../platform/logging/logger.ts";
import type { ActivityLog } from "../activity-log.ts";
import { type Planned, planInterval } from "./plan.ts";
import { readScheduleFile, type ScheduleState, writeScheduleFile } from "./schedule-file.ts";
import {
  type Eligible,
  eligibleFlags,
  type ScheduleSettings,
  selectedFlags,
  settingsProblems,
  usualSettings,
} from "./settings.ts";

type Course = NonNullable<ScheduleState["course"]>;
type Hold = ScheduleState["held"][number];

/** What the scheduler does, as people see it; times in milliseconds of Unix time. */
export interface ScheduleView {
  readonly isRunning: boolean;
  readonly settings: ScheduleSettings;
  readonly startedMs: number | undefined;
  /** Counted from 1; 0 when it does not run. */
  readonly intervalNumber: number;
  readonly active: ScheduleState["held"];
  /** How many are switched on in this interval. */
  readonly planned: number;
  readonly nextMs: number | undefined;
  readonly history: ScheduleState["history"];
  readonly eligible: readonly Eligible[];
}

export type Started =
  | { readonly kind: "started" }
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  /** What was switched on before could not be reverted, so that nothing was begun. */
  | { readonly kind: "stuck"; readonly problem: string };

const historyLength = 10;
/** What could not be reverted is tried again as often as this. */
const retryMs = 1_000;
/** Timers take no longer times. */
const longestTimerMs = 2 ** 31 - 1;

interface SchedulerOptions {
  readonly file: FlagFile;
  readonly known: ReadonlyMap<string, KnownFlag>;
  readonly activity: ActivityLog;
  /** Where its state is kept. */
  readonly path: string;
  readonly log: Logger;
  /** The shortest time that is taken for intervals and flags; a second. */
  readonly leastMs?: number;
}

/**
 * Switches flags on and off by chance. Whatever it switches on it writes down before, and reverts: when its time is up,
 * when the schedule is stopped or begun anew, when the process ends, and after a crash as soon as there is a process
 * again. A schedule that runs goes on after a restart. A flag that somebody has set is left alone.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #listeners = new Set<() => void>();
  #state: ScheduleState;
  /** Activations that were due until then are done, or missed. */
  #doneUntilMs: number;
  #timer: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isStuck = false;
  #isClosed = false;

  private constructor(options: SchedulerOptions, state: ScheduleState) {
    this.#options = options;
    this.#state = state;
    this.#doneUntilMs = Date.now();
  }

  /** Takes up what was there before; {@link Scheduler.begin} lets it go on. */
  static async open(options: SchedulerOptions): Promise<Scheduler> {
    const state = await readScheduleFile(options.path, options.log);
    return new Scheduler(options, state ?? { settings: copied(usualSettings), course: null, held: [], history: [] });
  }

  get view(): ScheduleView {
    const { settings, course, held, history } = this.#state;
    const { file, known } = this.#options;
    const nowMs = Date.now();
    const index = course === null ? 0 : indexAt(course, settings, nowMs);
    return {
      isRunning: course !== null,
      settings: { ...settings, seed: course?.seed ?? settings.seed },
      startedMs: course?.startedMs,
      intervalNumber: course === null ? 0 : index + 1,
      active: held,
      planned: course === null ? 0 : this.#planned(course, index).length,
      nextMs: course === null ? undefined : this.#nextStart(course, nowMs),
      history,
      eligible: eligibleFlags(file.set.document, known),
    };
  }

  /** @returns what ends the subscription */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  begin(): void {
    void this.#enqueue(() => this.#step());
  }

  /** Starts a schedule, in place of what runs. */
  start(settings: ScheduleSettings): Promise<Started> {
    return this.#enqueue(async (): Promise<Started> => {
      const { file, known, leastMs } = this.#options;
      const select = () => selectedFlags(eligibleFlags(file.set.document, known), settings.selection);
      const { problems } = select();
      const all = [...settingsProblems(settings, leastMs), ...problems];
      if (all.length > 0) return { kind: "refused", problems: all };
      await this.#save({ ...this.#state, course: null });
      const problem = await this.#revertAll();
      if (problem !== undefined) return { kind: "stuck", problem };
      const seed = settings.seed ?? randomInt(1, 2 ** 32);
      const course: Course = {
        seed,
        startedMs: Date.now(),
        selected: select().selected.map((flag) => ({ ...flag, variants: [...flag.variants] })),
      };
      await this.#save({ ...this.#state, settings: copied(settings), course });
      this.#note("", `The schedule begins, with seed ${seed}`);
      this.#doneUntilMs = course.startedMs - 1;
      await this.#step();
      return { kind: "started" };
    });
  }

  /** @returns what could not be reverted yet, in words; it is tried again until it can */
  stop(): Promise<string | undefined> {
    return this.#enqueue(async () => {
      const isRunning = this.#state.course !== null;
      await this.#save({ ...this.#state, course: null });
      const problem = await this.#revertAll();
      if (isRunning) this.#note("", "The schedule is stopped");
      this.#arm();
      return problem;
    });
  }

  /** Reverts what is switched on; the schedule goes on when it is opened again. */
  async close(): Promise<void> {
    await this.#enqueue(async () => {
      this.#isClosed = true;
      clearTimeout(this.#timer);
      await this.#revertAll();
    });
  }

  /** Does what is due, and sees to it that it is called when something is due again. */
  async #step(): Promise<void> {
    if (this.#isClosed) return;
    const nowMs = Date.now();
    for (const hold of this.#state.held) {
      // A clock that was put back would let it last.
      const isDue = hold.untilMs <= nowMs || hold.fromMs > nowMs + retryMs;
      if (isDue || this.#state.course === null) await this.#revert(hold);
    }
    const { course } = this.#state;
    if (course !== null) {
      const index = indexAt(course, this.#state.settings, nowMs);
      for (const planned of this.#planned(course, index)) {
        if (planned.fromMs <= this.#doneUntilMs || planned.fromMs > nowMs || planned.untilMs <= nowMs) continue;
        await this.#switchOn(planned);
      }
      this.#doneUntilMs = nowMs;
    }
    this.#arm();
    this.#told();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const nowMs = Date.now();
    const { course, held } = this.#state;
    const due = held.map(({ untilMs }) => (this.#isStuck || course === null ? nowMs + retryMs : untilMs));
    if (course !== null) {
      const next = this.#nextStart(course, this.#doneUntilMs);
      if (next !== undefined) due.push(next);
    }
    if (due.length === 0) return;
    const inMs = Math.min(Math.max(0, Math.min(...due) - nowMs), longestTimerMs);
    this.#timer = setTimeout(() => void this.#enqueue(() => this.#step()), inMs);
  }

  async #switchOn(planned: Planned): Promise<void> {
    const { file } = this.#options;
    const { key, variant, resting, untilMs, fromMs } = planned;
    const former = this.#state.held.find((hold) => hold.key === key);
    if (former !== undefined) await this.#revert(former);
    if (this.#state.held.some((hold) => hold.key === key)) return;
    // Written down first: what is not there after a crash was not switched on.
    await this.#save({ ...this.#state, held: [...this.#state.held, { key, variant, resting, fromMs, untilMs }] });
    let why = "the file cannot be written";
    const isOn = await file
      .update(
        (document) => {
          const flag = document.flags[key];
          const present = flag === undefined ? undefined : variantOf(flag);
          const changed = present === resting ? withVariant(document, key, variant) : document;
          if (changed === document) why = present === undefined ? "it is not there" : `it is ${present} already`;
          else why = "";
          return changed;
        },
        { by: "scheduler" },
      )
      .then(
        ({ kind }) => kind === "written" && why === "",
        () => false,
      );
    if (isOn) return;
    await this.#save({ ...this.#state, held: this.#state.held.filter((hold) => hold.key !== key) });
    this.#note(key, `Not switched to ${variant}: ${why || "the file is broken"}`);
  }

  /** @returns what is in the way, in words; it is still held then */
  async #revert(hold: Hold): Promise<string | undefined> {
    const { file, log } = this.#options;
    const { key, variant, resting, fromMs } = hold;
    let present: string | undefined;
    try {
      const written = await file.update(
        (document) => {
          const flag = document.flags[key];
          present = flag === undefined ? "" : variantOf(flag);
          return present === variant ? withVariant(document, key, resting) : document;
        },
        { by: "scheduler" },
      );
      if (written.kind !== "written") throw new Error("the file is broken, or others write it all the time");
    } catch (error) {
      const problem = `${key} cannot be reverted: ${error instanceof Error ? error.message : error}`;
      if (!this.#isStuck) {
        log.error({ error }, `${problem}; it is tried again every second`);
        this.#note(key, `Cannot be reverted yet: ${error instanceof Error ? error.message : error}`);
      }
      this.#isStuck = true;
      return problem;
    }
    this.#isStuck = false;
    const isLeft = present !== variant && present !== resting;
    if (isLeft) this.#note(key, `Not reverted: it has been changed to ${present || "nothing"} meanwhile`);
    const past = { key, variant, fromMs, untilMs: Date.now(), isLeft };
    await this.#save({
      ...this.#state,
      held: this.#state.held.filter((each) => each !== hold),
      history: [past, ...this.#state.history].slice(0, historyLength),
    });
    return undefined;
  }

  async #revertAll(): Promise<string | undefined> {
    const problems: string[] = [];
    for (const hold of this.#state.held) {
      const problem = await this.#revert(hold);
      if (problem !== undefined) problems.push(problem);
    }
    return problems.length === 0 ? undefined : problems.join("; ");
  }

  /** In milliseconds of Unix time. */
  #planned({ seed, startedMs, selected }: Course, index: number): readonly Planned[] {
    const { settings } = this.#state;
    const beginsMs = startedMs + index * settings.intervalMs;
    return planInterval({ seed, index, settings, selected }).map((planned) => ({
      ...planned,
      fromMs: beginsMs + planned.fromMs,
      untilMs: beginsMs + planned.untilMs,
    }));
  }

  #nextStart(course: Course, afterMs: number): number | undefined {
    const index = indexAt(course, this.#state.settings, afterMs);
    return [...this.#planned(course, index), ...this.#planned(course, index + 1)].find(({ fromMs }) => fromMs > afterMs)
      ?.fromMs;
  }

  async #save(state: ScheduleState): Promise<void> {
    this.#state = state;
    const { path, log } = this.#options;
    await writeScheduleFile(path, state).catch((error) =>
      log.warn({ error }, `${path} cannot be written; a crash would leave on what is switched on`),
    );
    this.#told();
  }

  #note(key: string, note: string): void {
    this.#options.activity.add([{ writer: "scheduler", key, from: "", to: "", note }]);
  }

  #told(): void {
    for (const listener of this.#listeners) listener();
  }

  /** One thing after the other. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch((error) => this.#options.log.error({ error }, "The schedule has failed"));
    return result;
  }
}

function indexAt({ startedMs }: Course, { intervalMs }: ScheduleState["settings"], atMs: number): number {
  return Math.max(0, Math.floor((atMs - startedMs) / intervalMs));
}

function copied({ intervalMs, minMs, maxMs, concurrency, seed, selection }: ScheduleSettings) {
  return {
    intervalMs,
    minMs,
    maxMs,
    concurrency,
    ...(seed === undefined ? {} : { seed }),
    selection: Object.fromEntries(Object.entries(selection).map(([key, variants]) => [key, [...variants]])),
  };
}
