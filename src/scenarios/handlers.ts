import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { Phase, type RunSchema, type ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { rpcError } from "../platform/rpc/errors.ts";
import type { Answer } from "./answer.ts";
import { readAnswer } from "./check-answer.ts";
import { scenarioErrors } from "./errors.ts";
import { culpritsOf, type Manifest, type RootCause } from "./manifest.ts";
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

export function scenarioHandlers(runs: Runs): ServiceImpl<typeof ScenarioService> {
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
  const hasAnswer = answer !== undefined;
  const started = { id, profile, isBlind, hasAnswer, started: timestampFromMs(startedMs) };
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
