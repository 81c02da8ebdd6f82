import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Coverage, coverageText, isWhole } from "./coverage.ts";
import type { Layout } from "./layouts/layout.ts";
import { type RecordedRun, recordedRun, viewStatements, withheldRecords } from "./recorded-run.ts";
import { type Recording, workingFolder } from "./recording.ts";
import { injectedFaults, type Run } from "./run.ts";

export interface Written {
  readonly layouts: readonly { readonly name: string; readonly left?: string }[];
  readonly isWhole: boolean;
}

/**
 * Writes a finished recording: the layouts, the manifest with its truth, what is lacking, and the sums of all files.
 *
 * @param options.manifestText the manifest as its author wrote it
 */
export async function exportRecording(
  recording: Recording,
  run: Run,
  options: {
    readonly coverage: Coverage;
    readonly manifestText: string;
    readonly layouts: readonly Layout[];
    readonly folder: string;
  },
): Promise<Written> {
  const { manifestText, folder } = options;
  const { ask } = recording;
  for (const statement of viewStatements(run)) await ask(statement);
  const recorded = recordedRun(run, { ask, folder });
  const layouts: { name: string; left?: string }[] = [];
  for (const layout of options.layouts) {
    const left = layout.refusal(run);
    layouts.push({ name: layout.name, ...(left === undefined ? {} : { left }) });
    if (left === undefined) await layout.write(recorded);
  }
  const coverage = { ...options.coverage, problems: [...options.coverage.problems, ...(await silentCauses(recorded))] };
  await recorded.text("manifest.yaml", manifestText);
  await recorded.tableIfAny("withheld.parquet", withheldRecords);
  await recorded.text("truth.json", `${JSON.stringify(await truth(recorded, coverage), null, 2)}\n`);
  await recorded.text("COVERAGE.md", coverageText(coverage, layouts));
  await writeSums(folder);
  return { layouts, isWhole: isWhole(coverage) };
}

/** A root cause that telemetry does not have cannot be found in it. */
async function silentCauses(run: RecordedRun): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const entity of new Set(injectedFaults(run).map((fault) => fault.entity))) {
    const [row] = await run.ask<{ any: boolean }>(
      `select exists (select 1 from run_spans where service = $entity) or exists (select 1 from run_logs where service = $entity)
         or exists (select 1 from run_edges where source = $entity or target = $entity) as any`,
      { entity },
    );
    if (!row?.any) problems.push(`The root cause ${entity} has no telemetry.`);
  }
  return problems;
}

/** The manifest's truth with the times of this run, and what was seen of it. */
async function truth(run: RecordedRun, coverage: Coverage) {
  const { manifest, times } = run;
  const { id, title, difficulty, seed, load, propagation, slis, alerts, decoys, timeToDetect, mitigations, revert } =
    manifest;
  const raised = await run.ask<{ name: string; since_ms: bigint; until_ms: bigint | null }>(
    "select name, epoch_ms(since)::bigint as since_ms, epoch_ms(until)::bigint as until_ms from run_alerts order by since, name",
  );
  const iso = (time: Date | undefined) => time?.toISOString() ?? null;
  const msIso = (ms: bigint | null) => (ms === null ? null : new Date(Number(ms)).toISOString());
  return {
    version: 1,
    scenario: id,
    title,
    difficulty,
    seed,
    load,
    times: {
      baselineStart: iso(times.baselineStart),
      injectedAt: iso(times.injectedAt),
      revertedAt: iso(times.revertedAt),
      endedAt: iso(times.endedAt),
    },
    rootCauses: injectedFaults(run).map(({ injectedAt, ...fault }) => ({ ...fault, injectedAt: iso(injectedAt) })),
    propagation,
    slis,
    alerts: {
      expected: alerts,
      raised: raised.map(({ name, since_ms, until_ms }) => ({ name, since: msIso(since_ms), until: msIso(until_ms) })),
    },
    decoys,
    timeToDetect: timeToDetect ?? null,
    mitigations,
    revert,
    coverage: { isWhole: isWhole(coverage), ...coverage },
  };
}

/** SHA256SUMS, as `sha256sum --check` reads it. */
async function writeSums(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => file !== "SHA256SUMS" && !file.startsWith(workingFolder))
    .sort();
  const lines: string[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(folder, file)), hash);
    lines.push(`${hash.digest("hex")}  ${file}\n`);
  }
  await writeFile(join(folder, "SHA256SUMS"), lines.join(""));
}
