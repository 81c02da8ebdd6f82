import { setTimeout as sleep } from "node:timers/promises";
import { type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  type ActionSchema,
  type Mitigation,
  MitigationSchema,
  Outcome,
  Phase,
  type Run,
  RunSchema,
  ScenarioService,
} from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { exportRecording } from "../scenarios/export-recording.ts";
import { layouts } from "../scenarios/layouts/index.ts";
import type { actions } from "../scenarios/mitigation.ts";
import { Recording } from "../scenarios/recording.ts";
import type { Profile } from "../scenarios/run/profile.ts";
import { timesProblem } from "../scenarios/run.ts";
import { manifestOf } from "./scenario.ts";
import { textTable } from "./stages.ts";
import { endSoon, untilStopped } from "./until-stopped.ts";

const pollMs = 500;

export interface RunOptions {
  readonly url: string;
  readonly profile: Profile;
  /** The folder that the run is recorded in. */
  readonly record?: string;
  readonly blind?: boolean;
  readonly json?: boolean;
}

/** Runs a scenario on a shop that is there, and prints what was measured. */
export async function runScenario(id: string, options: RunOptions): Promise<void> {
  const { url, record, profile, blind = false } = options;
  const stopped = untilStopped();
  const client = createClient(ScenarioService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  await client.listScenarios({}).catch((cause) => {
    throw new ConfigError(`${url}: ${unreachable(cause)}`, { cause });
  });
  const recording = record === undefined ? undefined : await Recording.open({ url, from: new Date(), folder: record });
  try {
    recording?.start();
    let isStopped = false;
    void stopped.then(() => {
      isStopped = true;
    });
    let phase: Run["phase"] = Phase.UNSPECIFIED;
    const run = await runToEnd(client, id, {
      profile,
      isBlind: blind,
      isStopped: () => isStopped,
      told(run) {
        if (run.phase === phase) return;
        phase = run.phase;
        process.stderr.write(`${new Date().toLocaleTimeString()} ${phaseTexts[phase] ?? phase}\n`);
      },
    });
    if (recording !== undefined && record !== undefined) await exportRun(recording, run, record);
    if (options.json) process.stdout.write(`${JSON.stringify(toJson(RunSchema, run), null, 2)}\n`);
    else {
      const lines = [...run.mitigations.map(mitigationText), ...run.failures.map((each) => `${each}\n`)];
      process.stdout.write(`${tableOfRuns([run])}${lines.join("")}`);
    }
    if (run.failures.length > 0) process.exitCode = 1;
  } finally {
    await recording?.close();
    endSoon();
  }
}

export interface MitigateOptions {
  readonly url: string;
  readonly json?: boolean;
}

/** Does something against what is wrong in a shop that is there, and prints what was done. */
export async function mitigate(
  kind: (typeof actions)[number],
  target: string,
  { replicas, url, json }: MitigateOptions & { readonly replicas?: number },
): Promise<void> {
  if ((kind === "scale") !== (replicas !== undefined)) {
    throw new ConfigError(
      kind === "scale"
        ? `To how many? Such as: scenario mitigate scale ${target} 3`
        : `${kind} takes no number: it is for scale.`,
    );
  }
  const client = createClient(ScenarioService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const refused = (cause: unknown) => {
    const { code } = ConnectError.from(cause);
    const isAway = code === Code.Unavailable || code === Code.Unimplemented;
    throw new ConfigError(isAway ? `${url}: ${unreachable(cause)}` : ConnectError.from(cause).rawMessage, { cause });
  };
  let { mitigation } = await client.mitigate({ action: actionOf(kind, target, replicas) }).catch(refused);
  while (mitigation !== undefined && mitigation.finished === undefined) {
    await sleep(pollMs);
    ({ mitigation } = await client.getMitigation({ mitigationId: mitigation.id }).catch(refused));
  }
  if (mitigation === undefined) throw new Error("What was done is not told");
  if (json) process.stdout.write(`${JSON.stringify(toJson(MitigationSchema, mitigation), null, 2)}\n`);
  else if (mitigation.failure === "") process.stdout.write(`${mitigation.done}\n`);
  if (mitigation.failure === "") return;
  if (!json) process.stderr.write(`It failed: ${mitigation.failure}\n`);
  process.exitCode = 1;
}

function actionOf(kind: (typeof actions)[number], target: string, replicas = 1): MessageInitShape<typeof ActionSchema> {
  switch (kind) {
    case "clear":
      return { kind: { case: "clear", value: { flag: target } } };
    case "scale":
      return { kind: { case: "scale", value: { service: target, replicas } } };
    case "restart":
      return { kind: { case: "restart", value: { service: target } } };
    case "roll-back":
      return { kind: { case: "rollBack", value: { service: target } } };
  }
}

const outcomeTexts: Readonly<Record<number, string>> = {
  [Outcome.HELPED]: "it helped",
  [Outcome.HELPED_FOR_A_WHILE]: "it helped for a while",
  [Outcome.DID_NOT_HELP]: "it did not help",
};

function mitigationText({ action, outcome, failure }: Mitigation): string {
  const { kind } = action ?? {};
  const target = kind?.case === "clear" ? kind.value.flag : kind?.value?.service;
  const how = failure === "" ? (outcomeTexts[outcome] ?? "whether it helped is not known") : `it failed: ${failure}`;
  return `${kind?.case === "rollBack" ? "roll-back" : kind?.case} ${target}: ${how}\n`;
}

const phaseTexts: Readonly<Record<number, string>> = {
  [Phase.UNSPECIFIED]: "it runs",
  [Phase.BASELINE]: "the load begins; waiting until nothing has been wrong for long enough",
  [Phase.FAULT]: "the fault is injected; waiting for its effects and alerts",
  [Phase.RECOVERY]: "the fault is reverted; waiting until nothing is wrong any more",
  [Phase.OVER]: "over",
};

function unreachable(cause: unknown): string {
  const { code, rawMessage } = ConnectError.from(cause);
  if (code === Code.Unavailable) return "No shop answers there; start one with npm start.";
  return code === Code.Unimplemented
    ? "It runs no scenarios: it has no Observatory, or its flags are elsewhere."
    : rawMessage;
}

async function exportRun(recording: Recording, run: Run, folder: string): Promise<void> {
  const { started, injected, reverted, ended } = run;
  if (started === undefined || ended === undefined) return;
  process.stderr.write("Waiting for the last telemetry\n");
  const { manifest, text } = await manifestOf(run.scenarioId);
  const coverage = await recording.finish(timestampDate(ended));
  const times = {
    baselineStart: timestampDate(started),
    ...(injected === undefined || manifest.faults.length === 0 ? {} : { injectedAt: timestampDate(injected) }),
    ...(reverted === undefined || manifest.faults.length === 0 ? {} : { revertedAt: timestampDate(reverted) }),
    endedAt: timestampDate(ended),
  };
  const problem = timesProblem({ manifest, times });
  if (problem !== undefined) throw new ConfigError(`Nothing is written: ${problem}`);
  await exportRecording(recording, { manifest, times }, { coverage, manifestText: text, layouts, folder });
  process.stderr.write(`Recorded in ${folder}\n`);
}

/** Starts a run, and tells it until it is over. */
export async function runToEnd(
  client: Client<typeof ScenarioService>,
  scenarioId: string,
  options: {
    readonly profile: Profile;
    readonly isBlind?: boolean;
    readonly isStopped: () => boolean;
    readonly told?: (run: Run) => void;
  },
): Promise<Run> {
  const { profile, isBlind = false, isStopped, told } = options;
  let { run } = await client.startRun({ scenarioId, profile, isBlind }).catch((cause) => {
    throw new ConfigError(ConnectError.from(cause).rawMessage, { cause });
  });
  for (;;) {
    if (run === undefined) throw new Error(`The run of ${scenarioId} is not told`);
    told?.(run);
    if (run.phase === Phase.OVER) return run;
    await sleep(pollMs);
    ({ run } = isStopped() ? await client.stopRun({ runId: run.id }) : await client.getRun({ runId: run.id }));
  }
}

const heading = ["scenario", "effect", "before", "fault", "after", "detected", "cleared", "alerts", "verdict"];

/** What was measured in runs. */
export function tableOfRuns(runs: readonly Run[]): string {
  return textTable([heading, ...runs.flatMap(rowsOf)]);
}

/** A line for each effect; what belongs to the whole stands in the first. */
function rowsOf(run: Run): readonly (readonly string[])[] {
  const { scenarioId, effects, detectedAfterSeconds, clearedAfterSeconds, alerts, failures } = run;
  const raised = alerts.filter(({ isExpected }) => isExpected).map(({ name }) => name);
  const whole = [
    shown(detectedAfterSeconds, " s"),
    shown(clearedAfterSeconds, " s"),
    raised.join(" ") || "-",
    failures.length === 0 ? "passed" : "FAILED",
  ];
  const first = effects[0];
  const line = (effect: typeof first) => [
    effect?.name ?? "-",
    shown(effect?.baseline),
    shown(effect?.fault),
    shown(effect?.recovered),
  ];
  return [
    [scenarioId, ...line(first), ...whole],
    ...effects.slice(1).map((effect) => ["", ...line(effect), ...whole.map(() => "")]),
  ];
}

function shown(value: number | undefined, unit = ""): string {
  if (value === undefined) return "-";
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)}${unit}`;
}

/** How a run went, in a line. */
export function outcome({ failures, detectedAfterSeconds, clearedAfterSeconds }: Run): string {
  if (failures.length > 0) return `FAILED: ${failures.join(" ")}`;
  return `passed; detected after ${shown(detectedAfterSeconds, " s")}, clear ${shown(clearedAfterSeconds, " s")} after the revert`;
}
