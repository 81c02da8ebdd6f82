import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { saturations } from "../observatory/objectives/saturations.ts";
import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { readAnswer, readTruth } from "../scenarios/check-answer.ts";
import { exportRecording } from "../scenarios/export-recording.ts";
import { flagVariants } from "../scenarios/known-flags.ts";
import { type KnownSystem, knownSystem } from "../scenarios/known-system.ts";
import { layouts } from "../scenarios/layouts/index.ts";
import { culpritsOf, type Manifest } from "../scenarios/manifest.ts";
import {
  type ManifestFile,
  manifestFolder,
  readManifestFile,
  readManifestFolder,
} from "../scenarios/manifest-files.ts";
import { actionText } from "../scenarios/mitigation.ts";
import { Recording } from "../scenarios/recording.ts";
import { timesProblem } from "../scenarios/run.ts";
import { type FoundCause, type Score, scoreAnswer } from "../scenarios/score.ts";
import { flags } from "../services/flags.ts";
import { services } from "../services/index.ts";
import { textTable } from "./stages.ts";

interface FlagsOption {
  /** The file in flagd's format whose flags manifests may use. */
  readonly flags: string;
}

/** Prints every scenario, a line each. */
export async function listScenarios({ flags, json }: FlagsOption & { readonly json?: boolean }): Promise<void> {
  const manifests = await readManifestFolder(manifestFolder, await shopSystem(flags));
  if (json) {
    print(manifests);
    return;
  }
  const rows = manifests.map(({ id, difficulty, title, faults }) => [
    id,
    difficulty,
    faults.map(({ flag, variant }) => `${flag}=${variant}`).join(" "),
    title,
  ]);
  process.stdout.write(textTable([["scenario", "difficulty", "faults", "title"], ...rows]));
}

/** Prints one scenario with its truth. */
export async function showScenario(
  id: string,
  { flags, json }: FlagsOption & { readonly json?: boolean },
): Promise<void> {
  const manifests = await readManifestFolder(manifestFolder, await shopSystem(flags));
  const manifest = manifests.find((each) => each.id === id);
  if (manifest === undefined) {
    throw new ConfigError(
      `There is no scenario ${JSON.stringify(id)}; there are ${manifests.map((each) => each.id).join(", ")}.`,
    );
  }
  if (json) print(manifest);
  else process.stdout.write(description(manifest));
}

/** Compares an answer with the truth of a recording, and prints how good it is. */
export async function scoreScenario(
  answerFile: string,
  { truth: truthFile, json }: { readonly truth: string; readonly json?: boolean },
): Promise<void> {
  const truth = readTruth(await text(truthFile), truthFile);
  const score = scoreAnswer(truth, readAnswer(await text(answerFile), answerFile));
  if (json) print(score);
  else process.stdout.write(scoreText(score));
}

export interface ExportOptions extends FlagsOption {
  readonly url: string;
  readonly manifest: string;
  readonly from: Date;
  readonly injectedAt?: Date;
  readonly revertedAt?: Date;
  readonly to: Date;
  readonly out: string;
  /** All unless given. */
  readonly layouts?: readonly string[];
}

/** Writes what the Observatory of a running shop still has of a run that is over. */
export async function exportScenario(options: ExportOptions): Promise<void> {
  const { url, out, from, to, injectedAt, revertedAt } = options;
  const chosen = layouts.filter(({ name }) => options.layouts?.includes(name) ?? true);
  const unknown = options.layouts?.find((name) => !layouts.some((layout) => layout.name === name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `--layouts ${unknown} is not valid: there are ${layouts.map(({ name }) => name).join(", ")}.`,
    );
  }
  const { manifest, text: manifestText } = await readManifestFile(options.manifest, await shopSystem(options.flags));
  const run = {
    manifest,
    times: {
      baselineStart: from,
      ...(injectedAt === undefined ? {} : { injectedAt }),
      ...(revertedAt === undefined ? {} : { revertedAt }),
      endedAt: to,
    },
  };
  const problem = timesProblem(run);
  if (problem !== undefined) throw new ConfigError(problem);
  const recording = await Recording.open({ url, from, folder: out });
  try {
    const coverage = await recording.finish(to);
    const written = await exportRecording(recording, run, { coverage, manifestText, layouts: chosen, folder: out });
    for (const { name, left } of written.layouts) {
      process.stdout.write(left === undefined ? `${name} written\n` : `${name} left out: ${left}\n`);
    }
    const whole = written.isWhole ? "Everything that the shop sent is there." : "It lacks something: see COVERAGE.md.";
    process.stdout.write(`${out}: ${whole}\n`);
  } finally {
    await recording.close();
  }
}

/** @throws ConfigError when there is none of that id */
export async function manifestOf(id: string): Promise<ManifestFile> {
  return readManifestFile(join(manifestFolder, `${id}.yaml`), declaredSystem());
}

/** The ids of all scenarios that come with the shop. */
export async function scenarioIds(): Promise<readonly string[]> {
  const manifests = await readManifestFolder(manifestFolder, declaredSystem());
  return manifests.map(({ id }) => id);
}

/** The shop as it is declared. */
function declaredSystem(): KnownSystem {
  const known = new Map(flags.map(({ key, variants }) => [key, Object.keys(variants)]));
  return knownSystem({ services, objectives: shopObjectives, saturations, flags: known });
}

async function shopSystem(flagFile: string): Promise<KnownSystem> {
  const flags = await flagVariants(flagFile).catch((cause) => {
    throw new ConfigError(`${flagFile} cannot be read as flags: ${cause.message}`, { cause });
  });
  return knownSystem({ services, objectives: shopObjectives, saturations, flags });
}

function description({ id, title, difficulty, description: what, seed, load, phases, ...rest }: Manifest): string {
  const { faults, propagation, slis, alerts, decoys, timeToDetect, mitigations, revert } = rest;
  const traffic = "users" in load ? `${load.users} users` : `${load.requestsPerSecond} requests a second`;
  const section = (name: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `\n${name}\n${lines.map((line) => `  ${line}\n`).join("")}`;
  const { baselineSeconds, faultSeconds, recoverySeconds } = phases;
  return [
    `${id} (${difficulty}): ${title}\n${what}\n`,
    `\n${traffic}, seed ${seed}; ${baselineSeconds} s before, ${faultSeconds} s with the fault, ${recoverySeconds} s after\n`,
    section(
      "Faults",
      faults.map(
        ({ flag, variant, target, afterSeconds, isDecoy }) =>
          `${flag}=${variant} in ${target} after ${afterSeconds} s${isDecoy ? ", a decoy" : ""}`,
      ),
    ),
    section(
      "Root causes",
      culpritsOf({ faults }).map(({ rootCause: { entity, reason, category } }) => `${entity}: ${reason} (${category})`),
    ),
    section(
      "Propagation",
      propagation.map(({ from, to, condition, effect }) => `${from} -> ${to}: ${condition} ${effect}`),
    ),
    section(
      "Indicators",
      slis.map(({ name, direction }) => `${name} goes ${direction}`),
    ),
    section("Alerts", alerts),
    section(
      "Decoys",
      decoys.map(({ entity, why }) => `${entity}: ${why}`),
    ),
    section(
      "Time to detect",
      timeToDetect === undefined
        ? []
        : [`${timeToDetect.minimumSeconds} s at least, ${timeToDetect.typicalSeconds} s as a rule`],
    ),
    section(
      "Mitigations",
      mitigations.map((each) => `${each.helps ? "helps" : "does not help"}: ${actionText(each)}. ${each.why}`),
    ),
    section(
      "Revert",
      revert.map(({ flag, variant }) => `${flag}=${variant}`),
    ),
  ].join("");
}

function scoreText({ accuracy, average, causes, points, isSolved, scenario }: Score): string {
  const at = (k: number) => (accuracy[k - 1] ?? 0).toFixed(2);
  const lines = [
    `${scenario}: ${isSolved ? "solved" : "not solved"}`,
    `AC@1 ${at(1)}  AC@3 ${at(3)}  AC@5 ${at(5)}  Avg@5 ${average.toFixed(2)}`,
    `Points ${points.earned} of ${points.possible}, score ${(points.earned / points.possible).toFixed(2)}`,
    ...causes.map(foundText),
  ];
  return `${lines.join("\n")}\n`;
}

function foundText({ entity, rank, isReasonRight, isCategoryRight, timeErrorSeconds }: FoundCause): string {
  if (rank === undefined) return `${entity}: not named`;
  const judged = (is: boolean | undefined) => (is === undefined ? "not given" : is ? "right" : "wrong");
  const time = timeErrorSeconds === undefined ? "not given" : `${timeErrorSeconds.toFixed(1)} s off`;
  return `${entity}: rank ${rank}, reason ${judged(isReasonRight)}, category ${judged(isCategoryRight)}, time ${time}`;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause) => {
    throw new ConfigError(`${path} cannot be read: ${cause.message}`, { cause });
  });
}
