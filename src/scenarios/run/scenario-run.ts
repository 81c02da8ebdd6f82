import { setTimeout as sleep } from "node:timers/promises";
import type { Manifest } from "../manifest.ts";
import type { Mitigation } from "../mitigation.ts";
import { MitigationWatch } from "./mitigation-watch.ts";
import type { Timing } from "./profile.ts";
import type { ScenarioShop, SeenAlert, Span } from "./scenario-shop.ts";

/** Where a run is. */
export type Phase = "waiting" | "baseline" | "fault" | "recovery" | "over";

/** What an effect measured before, during and after the fault; undefined where there was nothing to measure. */
export interface MeasuredEffect {
  readonly name: string;
  readonly baseline: number | undefined;
  readonly fault: number | undefined;
  readonly recovered: number | undefined;
  /** Whether it is as the manifest says. */
  readonly isProven: boolean;
}

export interface MeasuredObjective {
  readonly name: string;
  readonly baseline: number;
  readonly fault: number;
  readonly recovered: number;
}

/** An alert that was raised in the course of the run, in seconds from the injection and from the revert. */
export interface RaisedAlert {
  readonly name: string;
  readonly isExpected: boolean;
  readonly raisedAfterSeconds: number | undefined;
  readonly clearedAfterSeconds: number | undefined;
}

/** When what happened, in milliseconds of Unix time. */
export interface RunTimes {
  readonly startedMs: number;
  readonly injectedMs: number | undefined;
  readonly revertedMs: number | undefined;
  readonly endedMs: number | undefined;
}

export interface Report {
  readonly scenario: string;
  readonly phase: Phase;
  readonly times: RunTimes;
  readonly effects: readonly MeasuredEffect[];
  readonly objectives: readonly MeasuredObjective[];
  readonly alerts: readonly RaisedAlert[];
  /** From the injection to the first sign, and from the revert until all was well again. */
  readonly detectedAfterSeconds: number | undefined;
  readonly clearedAfterSeconds: number | undefined;
  /** What was done against the trouble, in order. */
  readonly mitigations: readonly Mitigation[];
  /** What is not as the manifest says; none for a run that has passed. */
  readonly failures: readonly string[];
}

/** Alerts and figures are looked at as often as this. */
const lookEveryMs = 1_000;
/** What the telemetry of a moment may need until it can be asked for. */
const arrivalMs = 3_000;

/**
 * Runs a scenario on a shop: baseline until nothing is wrong, faults, the wait for their symptoms and alerts, the
 * revert, the wait until nothing is wrong any more. Whatever happens, flags are at rest at the end.
 */
export class ScenarioRun {
  readonly #manifest: Manifest;
  readonly #timing: Timing;
  readonly #shop: ScenarioShop;
  readonly #told: (report: Report) => void;
  readonly #failures: string[] = [];
  readonly #effects = new Map<
    string,
    { baseline?: number | undefined; fault?: number | undefined; recovered?: number | undefined }
  >();
  readonly #objectives = new Map<string, { baseline: number; fault: number; recovered: number }>();
  readonly #mitigations: MitigationWatch[] = [];
  /** The last of them while the faults are there. */
  #intervention: MitigationWatch | undefined;
  #alerts: readonly SeenAlert[] = [];
  #phase: Phase = "waiting";
  #startedMs = Date.now();
  #injectedMs: number | undefined;
  #revertedMs: number | undefined;
  #endedMs: number | undefined;
  #detectedMs: number | undefined;
  #clearedMs: number | undefined;

  constructor(options: {
    readonly manifest: Manifest;
    readonly timing: Timing;
    readonly shop: ScenarioShop;
    /** Told of every step. */
    readonly told?: (report: Report) => void;
  }) {
    this.#manifest = options.manifest;
    this.#timing = options.timing;
    this.#shop = options.shop;
    this.#told = options.told ?? (() => {});
  }

  get report(): Report {
    const since = (from: number | undefined, to: number | undefined) =>
      from === undefined || to === undefined ? undefined : Math.max(0, (to - from) / 1_000);
    return {
      scenario: this.#manifest.id,
      phase: this.#phase,
      times: {
        startedMs: this.#startedMs,
        injectedMs: this.#injectedMs,
        revertedMs: this.#revertedMs,
        endedMs: this.#endedMs,
      },
      effects: this.#manifest.effects.map(({ name }) => {
        const { baseline, fault, recovered } = this.#effects.get(name) ?? {};
        return { name, baseline, fault, recovered, isProven: this.#isProven(name) };
      }),
      objectives: [...this.#objectives].map(([name, seen]) => ({ name, ...seen })),
      alerts: this.#alerts.map(({ name, sinceMs, untilMs }) => ({
        name,
        isExpected: this.#manifest.alerts.includes(name),
        raisedAfterSeconds: since(this.#injectedMs, sinceMs),
        clearedAfterSeconds: since(this.#revertedMs, untilMs),
      })),
      detectedAfterSeconds: since(this.#injectedMs, this.#detectedMs),
      clearedAfterSeconds: since(this.#revertedMs, this.#clearedMs),
      mitigations: this.#mitigations.map(({ mitigation }) => mitigation),
      failures: [...this.#failures],
    };
  }

  /**
   * Takes down that somebody does something against the trouble from now on, and judges by the effects that are there
   * now whether it helps, until something else is done or the run goes on. The alerts and effects that the manifest
   * expects may stay away then without that being a failure.
   *
   * @returns to be told how it went
   */
  async mitigating(mitigation: Mitigation): Promise<Pick<MitigationWatch, "finished">> {
    const windowMs = this.#timing.judgeSeconds * 1_000;
    const { startedMs } = mitigation;
    const troubles: { name: string; before: number | undefined }[] = [];
    if (this.#phase === "fault" && this.#injectedMs !== undefined) {
      const span = { fromMs: Math.max(this.#injectedMs, startedMs - windowMs), toMs: startedMs };
      for (const { name } of this.#manifest.effects) {
        const { value, isThere } = await this.#measureEffect(name, span);
        if (isThere) troubles.push({ name, before: value });
      }
    }
    const watch = new MitigationWatch(mitigation, { troubles, windowMs });
    this.#mitigations.push(watch);
    if (this.#phase === "fault") this.#intervention = watch;
    this.#told(this.report);
    return {
      finished: (how) => {
        watch.finished(how);
        this.#told(this.report);
      },
    };
  }

  /** @throws what `signal` was aborted with, when it was; the faults are reverted then, too */
  async run(signal: AbortSignal): Promise<Report> {
    try {
      await this.#shop.clearFlags();
      await this.#shop.startLoad(this.#timing.load, this.#manifest.seed);
      const baseline = await this.#waitForBaseline(signal);
      if (baseline !== undefined) {
        await this.#inject(signal);
        await this.#watchFault(baseline, signal);
        await this.#revert();
        await this.#waitForSilence(signal);
      }
    } finally {
      await this.#revert();
      await this.#shop.stopLoad();
      this.#endedMs = Date.now();
      this.#enter("over");
    }
    return this.report;
  }

  /** Until nothing has been wrong for long enough; the stretch of time that was so. */
  async #waitForBaseline(signal: AbortSignal): Promise<Span | undefined> {
    this.#enter("baseline");
    const { baselineSeconds, clearSeconds } = this.#timing;
    let calmSinceMs = Date.now();
    const untilMs = calmSinceMs + (baselineSeconds + clearSeconds) * 1_000;
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal });
      const [alert] = firing(await this.#shop.alerts());
      const nowMs = Date.now();
      if (alert !== undefined) calmSinceMs = nowMs;
      if (nowMs - calmSinceMs >= baselineSeconds * 1_000) break;
      if (nowMs > untilMs) {
        this.#failures.push(`There is no baseline: ${alert?.name ?? "an alert"} is raised without a fault.`);
        return undefined;
      }
    }
    const span = { fromMs: calmSinceMs, toMs: Date.now() };
    await this.#measure("baseline", span);
    return span;
  }

  async #inject(signal: AbortSignal): Promise<void> {
    this.#enter("fault");
    this.#injectedMs = Date.now();
    const inOrder = this.#manifest.faults.toSorted((a, b) => a.afterSeconds - b.afterSeconds);
    for (const { flag, variant, afterSeconds } of inOrder) {
      const dueMs = this.#injectedMs + afterSeconds * 1_000;
      if (dueMs > Date.now()) await sleep(dueMs - Date.now(), undefined, { signal });
      await this.#shop.setFlag(flag, variant);
    }
  }

  /** Until all that the manifest says has been seen, or the time for it is up. */
  async #watchFault(baseline: Span, signal: AbortSignal): Promise<void> {
    const injectedMs = this.#injectedMs ?? Date.now();
    const { detectSeconds, faultSeconds } = this.#timing;
    const { alerts: expected, effects, faults } = this.#manifest;
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal });
      const nowMs = Date.now();
      await this.#look(baseline.toMs);
      const last = this.#intervention;
      // From then on it shows the fault and what was done against it.
      if (last === undefined) await this.#measure("fault", { fromMs: injectedMs, toMs: nowMs });
      else await last.look(nowMs, (name, span) => this.#measureEffect(name, span));
      const raised = new Set(firing(this.#alerts).map(({ name }) => name));
      const proven = effects.filter(({ name }) => this.#isProven(name));
      const isSeen = expected.length > 0 ? expected.some((name) => raised.has(name)) : proven.length > 0;
      if (isSeen) this.#detectedMs ??= nowMs;
      this.#told(this.report);
      const seconds = (nowMs - injectedMs) / 1_000;
      if (last !== undefined) {
        const isOver = last === this.#intervention && last.isSettled(nowMs, detectSeconds * 1_000);
        if (seconds >= faultSeconds && isOver) return;
        continue;
      }
      const isComplete = expected.every((name) => raised.has(name)) && proven.length === effects.length;
      if (seconds >= faultSeconds && (isComplete || faults.length === 0)) break;
      if (seconds < detectSeconds) continue;
      for (const name of expected) if (!raised.has(name)) this.#failures.push(`The alert ${name} was not raised.`);
      for (const { name } of effects) {
        if (!this.#isProven(name)) this.#failures.push(`${name}: the fault has no effect that can be measured.`);
      }
      break;
    }
    if (faults.length > 0) return;
    for (const { name } of this.#alerts) this.#failures.push(`The alert ${name} was raised without a fault.`);
  }

  async #revert(): Promise<void> {
    if (this.#revertedMs !== undefined || this.#injectedMs === undefined) {
      if (this.#injectedMs === undefined) await this.#shop.clearFlags();
      await this.#shop.unscale();
      return;
    }
    for (const { flag, variant } of this.#manifest.revert) await this.#shop.setFlag(flag, variant);
    await this.#shop.clearFlags();
    await this.#shop.unscale();
    this.#revertedMs = Date.now();
  }

  /** Until no alert is raised and no effect is there for long enough. */
  async #waitForSilence(signal: AbortSignal): Promise<void> {
    this.#enter("recovery");
    const revertedMs = this.#revertedMs ?? Date.now();
    const { clearSeconds, silenceSeconds } = this.#timing;
    let calmSinceMs: number | undefined;
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal });
      const nowMs = Date.now();
      await this.#look(revertedMs);
      const lookBackMs = Math.max(revertedMs + arrivalMs, nowMs - silenceSeconds * 1_000);
      if (nowMs > lookBackMs) await this.#measure("recovered", { fromMs: lookBackMs, toMs: nowMs });
      const raised = firing(this.#alerts);
      const lasting = this.#manifest.effects.filter(({ name }) => this.#isLasting(name));
      if (raised.length === 0 && lasting.length === 0) calmSinceMs ??= nowMs;
      else calmSinceMs = undefined;
      this.#told(this.report);
      if (calmSinceMs !== undefined && nowMs - calmSinceMs >= silenceSeconds * 1_000) {
        this.#clearedMs = calmSinceMs;
        return;
      }
      if (nowMs - revertedMs < (clearSeconds + silenceSeconds) * 1_000) continue;
      for (const { name } of raised) this.#failures.push(`The alert ${name} does not clear after the revert.`);
      for (const { name } of lasting) this.#failures.push(`${name}: the effect is still there after the revert.`);
      if (raised.length + lasting.length === 0) this.#failures.push("It did not stay quiet after the revert.");
      return;
    }
  }

  /** Keeps the alerts of this run: those that were there, or came, since a time. */
  async #look(sinceMs: number): Promise<void> {
    const alerts = await this.#shop.alerts();
    this.#alerts = alerts.filter(
      ({ sinceMs: raisedMs, untilMs, isFiring }) =>
        (isFiring || untilMs !== undefined) && raisedMs >= Math.min(sinceMs, this.#injectedMs ?? sinceMs),
    );
  }

  async #measure(when: "baseline" | "fault" | "recovered", span: Span): Promise<void> {
    for (const { name, sql } of this.#manifest.effects) {
      const seen = this.#effects.get(name) ?? {};
      this.#effects.set(name, { ...seen, [when]: await this.#shop.measure(sql, span) });
    }
    const wanted = new Set(this.#manifest.slis.map(({ name }) => name));
    for (const { name, good } of await this.#shop.objectives(span)) {
      if (!wanted.has(name)) continue;
      const seen = this.#objectives.get(name) ?? { baseline: 1, fault: 1, recovered: 1 };
      this.#objectives.set(name, { ...seen, [when]: good });
    }
  }

  async #measureEffect(name: string, span: Span) {
    const sql = this.#manifest.effects.find((effect) => effect.name === name)?.sql ?? "";
    const value = await this.#shop.measure(sql, span);
    return { value, isThere: this.#differs(name, this.#effects.get(name)?.baseline, value) };
  }

  #isProven(name: string): boolean {
    const { baseline, fault } = this.#effects.get(name) ?? {};
    return this.#differs(name, baseline, fault);
  }

  #isLasting(name: string): boolean {
    const { baseline, recovered } = this.#effects.get(name) ?? {};
    return recovered !== undefined && this.#differs(name, baseline, recovered);
  }

  /** Whether a value is beyond the baseline by at least what the manifest asks for. */
  #differs(name: string, baseline = 0, value: number | undefined): boolean {
    const effect = this.#manifest.effects.find((each) => each.name === name);
    if (effect === undefined || value === undefined) return false;
    const difference = effect.direction === "up" ? value - baseline : baseline - value;
    return difference >= effect.atLeast;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#told(this.report);
  }
}

function firing(alerts: readonly SeenAlert[]): readonly SeenAlert[] {
  return alerts.filter(({ isFiring }) => isFiring);
}
