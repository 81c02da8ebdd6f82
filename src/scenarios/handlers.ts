import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Action as ActionMessage,
  type ActionSchema,
  type MitigationSchema,
  Outcome,
  Phase,
  type RunSchema,
  type ScenarioService,
} from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { platformErrors, rpcError } from "../platform/rpc/errors.ts";
import type { Answer } from "./answer.ts";
import { readAnswer } from "./check-answer.ts";
import { scenarioErrors } from "./errors.ts";
import { culpritsOf, type Manifest, type RootCause } from "./manifest.ts";
import { type Action, isSameAction, type Judgement, type Mitigation } from "./mitigation.ts";
import { type Timing, timingOf } from "./run/profile.ts";
import type { Report } from "./run/scenario-run.ts";
import { type Run, type Runs, scoreOf } from "./runs.ts";

const phases: Readonly<Record<Report["phase"], Phase>> = {
  waiting: Phase.BASELINE,
  baseline: Phase.BASELINE,
  fault: Phase.FAULT,
  recovery: Phase.RECOVERY,
  over: Phase.OVER,
};

const outcomes: Readonly<Record<Judgement["outcome"], Outcome>> = {
  unknown: Outcome.UNKNOWN,
  helped: Outcome.HELPED,
  "helped-for-a-while": Outcome.HELPED_FOR_A_WHILE,
  "did-not-help": Outcome.DID_NOT_HELP,
};

export function scenarioHandlers(runs: Runs): ServiceImpl<typeof ScenarioService> {
  const told = (mitigation: Mitigation) => mitigationMessage(mitigation, runs.runOf(mitigation.id));
  return {
    listScenarios({ withCategories }) {
      const causes = runs.manifests.flatMap(causesOf);
      return {
        scenarios: runs.manifests.map((manifest) => {
          const { id, title, difficulty, description } = manifest;
          const told = { id, title, difficulty, description };
          return withCategories ? { ...told, categories: words(causesOf(manifest), "category") } : told;
        }),
        reasons: words(causes, "reason"),
        categories: words(causes, "category"),
      };
    },
    getManifest: ({ scenarioId }) => ({ json: JSON.stringify(runs.manifest(scenarioId)) }),
    startRun: ({ scenarioId, profile, isBlind }) => ({
      run: runMessage(runs.start(scenarioId, { profile: profile === "quick" ? "quick" : "full", isBlind })),
    }),
    getRun: ({ runId }) => ({ run: runMessage(runs.get(runId)) }),
    listRuns: () => ({ runs: runs.all.map(runMessage) }),
    submitAnswer({ runId, answer }) {
      const run = runs.answer(runId, parsed(answer));
      return isSecret(run) ? {} : withScore(run);
    },
    stopRun: async ({ runId }) => ({ run: runMessage(await runs.stop(runId)) }),
    mitigate: async ({ action }) => ({ mitigation: told(await runs.mitigate(actionOf(action))) }),
    getMitigation: ({ mitigationId }) => ({ mitigation: told(runs.mitigation(mitigationId)) }),
    async reset() {
      await runs.reset();
      return {};
    },
  };
}

function causesOf(manifest: Manifest): readonly RootCause[] {
  return culpritsOf(manifest).map(({ rootCause }) => rootCause);
}

/** Each once, by alphabet. */
function words(causes: readonly RootCause[], part: "reason" | "category"): string[] {
  return [...new Set(causes.map((cause) => cause[part]))].sort();
}

function parsed(text: string): Answer {
  try {
    return readAnswer(text, "answer");
  } catch (error) {
    if (error instanceof ConfigError) throw rpcError(scenarioErrors.ANSWER_INVALID, error.message);
    throw error;
  }
}

/** By validation, there is one. */
function actionOf(action: ActionMessage | undefined): Action {
  const kind = action?.kind;
  switch (kind?.case) {
    case "clear":
      return { action: "clear", flag: kind.value.flag };
    case "scale":
      return { action: "scale", service: kind.value.service, replicas: kind.value.replicas };
    case "restart":
      return { action: "restart", service: kind.value.service };
    case "rollBack":
      return { action: "roll-back", service: kind.value.service };
    default:
      throw rpcError(platformErrors.INVALID_REQUEST, "There is no action.");
  }
}

function actionMessage(action: Action): MessageInitShape<typeof ActionSchema> {
  switch (action.action) {
    case "clear":
      return { kind: { case: "clear", value: { flag: action.flag } } };
    case "scale":
      return { kind: { case: "scale", value: { service: action.service, replicas: action.replicas } } };
    case "restart":
      return { kind: { case: "restart", value: { service: action.service } } };
    case "roll-back":
      return { kind: { case: "rollBack", value: { service: action.service } } };
  }
}

/** @param run that it belongs to, if there is one */
function mitigationMessage(mitigation: Mitigation, run: Run | undefined): MessageInitShape<typeof MitigationSchema> {
  const { id, action, startedMs, finishedMs, done, failure = "", judgement } = mitigation;
  const performed = {
    id,
    action: actionMessage(action),
    started: timestampFromMs(startedMs),
    ...(finishedMs === undefined ? {} : { finished: timestampFromMs(finishedMs) }),
    done,
    failure,
  };
  if (run === undefined || judgement === undefined || isSecret(run)) return performed;
  const said = run.manifest.mitigations.find((each) => isSameAction(each, action));
  return {
    ...performed,
    outcome: outcomes[judgement.outcome],
    effects: judgement.effects.map(({ name, before, after, isGone }) => ({
      name,
      isGone,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
    ...(said === undefined ? {} : { isSaidToHelp: said.helps }),
  };
}

/** Whether nobody may know yet what is wrong. */
function isSecret({ isBlind, report }: Run): boolean {
  return isBlind && report.phase !== "over";
}

function withScore(run: Run) {
  const score = scoreOf(run);
  return score === undefined ? {} : { score: { json: JSON.stringify(score) } };
}

function runMessage(run: Run): MessageInitShape<typeof RunSchema> {
  const { id, manifest, profile, isBlind, report, answer } = run;
  const { startedMs, injectedMs, revertedMs, endedMs } = report.times;
  const mitigations = report.mitigations.map((each) => mitigationMessage(each, run));
  const hasAnswer = answer !== undefined;
  const started = { id, profile, isBlind, hasAnswer, started: timestampFromMs(startedMs), mitigations };
  // Its phase alone would tell when the fault came.
  if (isSecret(run)) return { ...started, phase: Phase.UNSPECIFIED };
  const { detectedAfterSeconds, clearedAfterSeconds } = report;
  return {
    ...started,
    scenarioId: manifest.id,
    phase: phases[report.phase],
    timing: timingMessage(timingOf(profile, manifest)),
    ...(injectedMs === undefined ? {} : { injected: timestampFromMs(injectedMs) }),
    ...(revertedMs === undefined ? {} : { reverted: timestampFromMs(revertedMs) }),
    ...(endedMs === undefined ? {} : { ended: timestampFromMs(endedMs) }),
    effects: report.effects.map(({ name, baseline, fault, recovered, isProven }) => ({
      name,
      isProven,
      ...(baseline === undefined ? {} : { baseline }),
      ...(fault === undefined ? {} : { fault }),
      ...(recovered === undefined ? {} : { recovered }),
    })),
    alerts: report.alerts.map(({ name, isExpected, raisedAfterSeconds, clearedAfterSeconds }) => ({
      name,
      isExpected,
      ...(raisedAfterSeconds === undefined ? {} : { raisedAfterSeconds }),
      ...(clearedAfterSeconds === undefined ? {} : { clearedAfterSeconds }),
    })),
    ...(detectedAfterSeconds === undefined ? {} : { detectedAfterSeconds }),
    ...(clearedAfterSeconds === undefined ? {} : { clearedAfterSeconds }),
    failures: [...report.failures],
    ...withScore(run),
  };
}

function timingMessage({ baselineSeconds, faultSeconds, detectSeconds, clearSeconds, silenceSeconds }: Timing) {
  return { baselineSeconds, faultSeconds, detectSeconds, clearSeconds, silenceSeconds };
}
