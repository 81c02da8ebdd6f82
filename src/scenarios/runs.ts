import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../platform/logging/logger.ts";
import { withCall } from "../platform/rpc/call-context.ts";
import { rpcError } from "../platform/rpc/errors.ts";
import type { Answer } from "./answer.ts";
import { scenarioErrors } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { type Action, actionText, type Mitigation } from "./mitigation.ts";
import { begunMitigation } from "./run/mitigation-watch.ts";
import { type Profile, timingOf } from "./run/profile.ts";
import { type Report, ScenarioRun } from "./run/scenario-run.ts";
import type { ScenarioShop } from "./run/scenario-shop.ts";
import { type Score, scoreAnswer } from "./score.ts";
import { truthOf } from "./truth-of-run.ts";

/** A run that was begun, and what has become of it so far. */
export interface Run {
  readonly id: string;
  readonly manifest: Manifest;
  readonly profile: Profile;
  readonly isBlind: boolean;
  readonly report: Report;
  readonly answer: Answer | undefined;
}

interface Entry {
  run: Run;
  readonly scenarioRun: ScenarioRun;
  readonly stopping: AbortController;
  ended: Promise<void>;
}

const maxKept = 200;
/** A mitigation that takes longer is answered while it is under way, in milliseconds. */
const answersWithinMs = 5_000;

/** The runs of a shop: one at a time. */
export class Runs {
  readonly #manifests: ReadonlyMap<string, Manifest>;
  readonly #shop: ScenarioShop;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #mitigations = new Map<string, Mitigation>();

  constructor(options: { readonly manifests: readonly Manifest[]; readonly shop: ScenarioShop; readonly log: Logger }) {
    this.#manifests = new Map(options.manifests.map((manifest) => [manifest.id, manifest]));
    this.#shop = options.shop;
    this.#log = options.log;
  }

  get manifests(): readonly Manifest[] {
    return [...this.#manifests.values()];
  }

  /** @throws SCENARIO_NOT_FOUND */
  manifest(scenario: string): Manifest {
    const manifest = this.#manifests.get(scenario);
    if (manifest !== undefined) return manifest;
    const known = [...this.#manifests.keys()].join(", ");
    throw rpcError(scenarioErrors.SCENARIO_NOT_FOUND, `There is no scenario ${scenario}; there are ${known}.`);
  }

  /** Newest first. */
  get all(): readonly Run[] {
    return [...this.#entries.values()].map(({ run }) => run).reverse();
  }

  get(id: string): Run {
    return this.#entry(id).run;
  }

  /** @throws SCENARIO_NOT_FOUND, or RUN_UNDER_WAY */
  start(scenario: string, { profile, isBlind }: Pick<Run, "profile" | "isBlind">): Run {
    const manifest = this.manifest(scenario);
    const underWay = this.#underWay();
    if (underWay !== undefined) {
      throw rpcError(scenarioErrors.RUN_UNDER_WAY, `The run ${underWay.run.id} is under way: wait for it, or stop it.`);
    }
    const id = randomUUID();
    const stopping = new AbortController();
    const scenarioRun = new ScenarioRun({
      manifest,
      timing: timingOf(profile, manifest),
      shop: this.#shop,
      told: (report) => {
        entry.run = { ...entry.run, report };
      },
    });
    const entry: Entry = {
      scenarioRun,
      run: { id, manifest, profile, isBlind, report: scenarioRun.report, answer: undefined },
      stopping,
      ended: Promise.resolve(),
    };
    // It outlives the call that began it.
    entry.ended = withCall(undefined, () => scenarioRun.run(stopping.signal))
      .catch((error: unknown) => {
        const reason = stopping.signal.aborted
          ? "It was stopped."
          : `It broke off: ${error instanceof Error ? error.message : error}`;
        if (!stopping.signal.aborted) this.#log.error({ error }, "A run broke off");
        const { report } = scenarioRun;
        entry.run = { ...entry.run, report: { ...report, phase: "over", failures: [...report.failures, reason] } };
      })
      .then(() => {});
    this.#entries.set(id, entry);
    for (const [oldest] of [...this.#entries].slice(0, -maxKept)) this.#entries.delete(oldest);
    return entry.run;
  }

  /** Ends a run; returns when its faults are reverted. */
  async stop(id: string): Promise<Run> {
    const entry = this.#entry(id);
    if (entry.run.report.phase === "over") throw rpcError(scenarioErrors.RUN_OVER, `The run ${id} is over.`);
    entry.stopping.abort();
    await entry.ended;
    return entry.run;
  }

  /**
   * Does something against what is wrong, for the run that is under way if there is one. Returns when it is done, or
   * after a few seconds, while it goes on.
   *
   * @throws MITIGATION_UNAVAILABLE, MITIGATION_UNDER_WAY or what names something that there is not
   */
  async mitigate(action: Action): Promise<Mitigation> {
    const other = [...this.#mitigations.values()].find(({ finishedMs }) => finishedMs === undefined);
    if (other !== undefined) {
      const message = `${actionText(other.action)} is under way: wait until it is finished.`;
      throw rpcError(scenarioErrors.MITIGATION_UNDER_WAY, message);
    }
    const perform = this.#shop.mitigation(action);
    const begun = begunMitigation(randomUUID(), action);
    this.#keep(begun);
    // It outlives the call that began it.
    const performed = withCall(undefined, () => this.#perform(begun, perform));
    await Promise.race([performed, sleep(answersWithinMs, undefined, { ref: false })]);
    return this.mitigation(begun.id);
  }

  /** A mitigation as it is now. */
  mitigation(id: string): Mitigation {
    const found =
      this.all.flatMap(({ report }) => report.mitigations).find((each) => each.id === id) ?? this.#mitigations.get(id);
    if (found !== undefined) return found;
    throw rpcError(scenarioErrors.MITIGATION_NOT_FOUND, `There is no mitigation ${id}.`);
  }

  /** The run that a mitigation belongs to, if there is one. */
  runOf(mitigation: string): Run | undefined {
    return this.all.find(({ report }) => report.mitigations.some(({ id }) => id === mitigation));
  }

  async #perform(begun: Mitigation, perform: () => Promise<string>): Promise<void> {
    const { action } = begun;
    let done = "";
    let failure: string | undefined;
    const watch = await this.#underWay()
      ?.scenarioRun.mitigating(begun)
      .catch((error: unknown) => {
        this.#log.error({ error }, "What was there before a mitigation cannot be measured");
        return undefined;
      });
    try {
      done = await perform();
    } catch (error) {
      this.#log.error({ error }, `Could not ${actionText(action)}`);
      failure = error instanceof Error ? error.message : String(error);
    }
    const how = { finishedMs: Date.now(), done, failure };
    watch?.finished(how);
    this.#keep({ ...begun, ...how });
  }

  #keep(mitigation: Mitigation): void {
    this.#mitigations.set(mitigation.id, mitigation);
    for (const [oldest] of [...this.#mitigations].slice(0, -maxKept)) this.#mitigations.delete(oldest);
  }

  #underWay(): Entry | undefined {
    return [...this.#entries.values()].find(({ run }) => run.report.phase !== "over");
  }

  /** Ends what runs, and puts flags, load and the number of replicas back. */
  async reset(): Promise<void> {
    await this.close();
    await this.#shop.clearFlags();
    await this.#shop.unscale();
    await this.#shop.stopLoad();
  }

  /** Ends what runs, and reverts its faults; what people have switched on stays on. */
  async close(): Promise<void> {
    for (const { stopping } of this.#entries.values()) stopping.abort();
    await Promise.all([...this.#entries.values()].map(({ ended }) => ended));
  }

  /** Takes the first answer to a run. */
  answer(id: string, answer: Answer): Run {
    const entry = this.#entry(id);
    if (entry.run.answer !== undefined) {
      throw rpcError(scenarioErrors.ANSWER_GIVEN, `There is an answer to the run ${id} already: the first one counts.`);
    }
    entry.run = { ...entry.run, answer };
    return entry.run;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw rpcError(scenarioErrors.RUN_NOT_FOUND, `There is no run ${id}.`);
    return entry;
  }
}

/** What a run's answer is worth; undefined without an answer, and before the fault is injected. */
export function scoreOf({ manifest, report, answer }: Run): Score | undefined {
  const { injectedMs } = report.times;
  if (answer === undefined || injectedMs === undefined) return undefined;
  return scoreAnswer(truthOf(manifest, injectedMs), answer);
}
