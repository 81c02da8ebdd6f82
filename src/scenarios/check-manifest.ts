import { Settings } from "typebox/system";
import { Value } from "typebox/value";
import { type DocumentProblem, type Path, pathOf, readLocated } from "../platform/config/located-document.ts";
import type { KnownSystem } from "./known-system.ts";
import { culpritsOf, type Fault, type Manifest, manifestSchema } from "./manifest.ts";
import { actions } from "./mitigation.ts";

/** Something wrong in a manifest. */
export interface ManifestProblem extends DocumentProblem {
  readonly file: string;
}

// Of eight, which is the default, a union's last shapes are told too few to be judged by.
Settings.Set({ maxErrors: 1_000 });

type Complain = (path: Path, reason: string) => unknown;

export type ReadManifest =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "problems"; readonly problems: readonly ManifestProblem[] };

/** Reads a manifest from YAML, and finds everything that is wrong with it at once. */
export function readManifest(
  text: string,
  options: { readonly file: string; readonly system: KnownSystem },
): ReadManifest {
  const { file, system } = options;
  const { content, unreadable, problemAt } = readLocated(text);
  const problems: ManifestProblem[] = unreadable.map((problem) => ({ file, ...problem }));
  if (problems.length > 0) return { kind: "problems", problems };
  const complain: Complain = (path, reason) => problems.push({ file, ...problemAt(path, reason) });
  checkShape(content, complain);
  if (problems.length === 0) checkMeaning(content as Manifest, { system, expectedId: baseName(file), complain });
  problems.sort((a, b) => a.line - b.line);
  return problems.length > 0 ? { kind: "problems", problems } : { kind: "manifest", manifest: content as Manifest };
}

/** `scenarios/x.yaml:12: faults[0].variant: ...`, as editors and terminals link it. */
export function problemText({ file, line, path, reason }: ManifestProblem): string {
  return `${file}:${line}: ${path === "" ? "" : `${path}: `}${reason}`;
}

function checkShape(content: unknown, complain: Complain): void {
  for (const error of ofLikelyBranches(Value.Errors(manifestSchema, content))) {
    const path = pathOf(error.instancePath);
    switch (error.keyword) {
      case "boolean":
        // The property itself is named by the complaint of its object.
        break;
      case "anyOf":
        // What is wrong is told by the complaints of the shape that was meant.
        break;
      case "additionalProperties":
        for (const name of error.params.additionalProperties) complain([...path, name], "there is no such field");
        break;
      case "required":
        for (const name of error.params.requiredProperties) complain(path, `the field ${name} is missing`);
        break;
      case "enum":
        complain(path, `${shown(content, path)} is not one of ${error.params.allowedValues.join(", ")}`);
        break;
      case "const":
        complain(path, `${shown(content, path)} is not one of ${actions.join(", ")}`);
        break;
      default:
        complain(path, `${shown(content, path)} ${error.message}`);
    }
  }
}

type ShapeError = ReturnType<typeof Value.Errors>[number];

/** Every shape of a union complains: only the one that was meant, which has the fewest complaints, is of interest. */
function ofLikelyBranches(errors: readonly ShapeError[]): readonly ShapeError[] {
  const complaints = Map.groupBy(errors, ({ schemaPath, instancePath }) => {
    const [, union, branch] = /^(.*\/anyOf)\/(\d+)/.exec(schemaPath) ?? [];
    return union === undefined ? "" : `${union} ${/^\/\w+(\/\d+)?/.exec(instancePath)?.[0]}\n${branch}`;
  });
  const best = new Map<string, readonly ShapeError[]>();
  for (const [key, some] of complaints) {
    const union = key.replace(/\n.*$/, "");
    const before = best.get(union);
    if (before === undefined || weight(some) < weight(before)) best.set(union, some);
  }
  return [...best.values()].flat();
}

/** A shape whose constant is another was not meant, however well the rest fits. */
function weight(errors: readonly ShapeError[]): number {
  return errors.length + (errors.some(({ keyword }) => keyword === "const") ? 100 : 0);
}

function checkMeaning(
  manifest: Manifest,
  {
    system,
    expectedId,
    complain,
  }: { readonly system: KnownSystem; readonly expectedId: string; readonly complain: Complain },
): void {
  const { faults, propagation, phases, timeToDetect, mitigations, revert } = manifest;
  if (manifest.id !== expectedId)
    complain(["id"], `${quoted(manifest.id)} is not the file's name, ${quoted(expectedId)}`);
  const known = (path: Path, name: string, names: ReadonlySet<string>, what: string) => {
    if (!names.has(name)) complain(path, `${quoted(name)} is not ${what}; there are ${[...names].sort().join(", ")}`);
  };
  const flag = (path: Path, name: string, variant?: string) => {
    const variants = system.flags.get(name);
    if (variants === undefined) {
      complain(
        [...path, "flag"],
        `${quoted(name)} is not a flag; there are ${[...system.flags.keys()].sort().join(", ")}`,
      );
    } else if (variant !== undefined && !variants.includes(variant)) {
      complain([...path, "variant"], `${quoted(variant)} is not a variant of ${name}; it has ${variants.join(", ")}`);
    }
  };

  const causes = new Set(culpritsOf(manifest).map(({ rootCause }) => rootCause.entity));
  for (const [index, fault] of faults.entries()) checkFault(["faults", index], fault);
  function checkFault(path: Path, { flag: name, variant, target, afterSeconds, rootCause, isDecoy }: Fault): void {
    flag(path, name, variant);
    known([...path, "target"], target, system.services, "a service");
    if (rootCause !== undefined) {
      known([...path, "rootCause", "entity"], rootCause.entity, system.entities, "on the service map");
      if (isDecoy) complain([...path, "isDecoy"], "a decoy has no root cause");
    } else if (!isDecoy) complain(path, "the field rootCause is missing");
    else if (!manifest.decoys.some(({ entity }) => entity === target)) {
      complain(["decoys"], `${quoted(target)} is made to look guilty by ${name}, and is not among them`);
    }
    if (afterSeconds >= phases.faultSeconds) {
      complain([...path, "afterSeconds"], `${afterSeconds} s is not before the revert after ${phases.faultSeconds} s`);
    }
    if (!revert.some((step) => step.flag === name)) complain(["revert"], `nothing reverts ${name}`);
    if (revert.some((step) => step.flag === name && step.variant === variant)) {
      complain(["revert"], `${name} is reverted to ${quoted(variant)}, which is the fault`);
    }
  }
  if (faults.length > 0 && causes.size === 0) complain(["faults"], "there are decoys only, and nothing to be found");
  if (faults.length > 0 && !faults.some(({ afterSeconds }) => afterSeconds === 0)) {
    complain(["faults"], "the first fault has to have afterSeconds 0: that moment is the injection");
  }

  const reached = new Set(causes);
  for (const [index, { from, to }] of propagation.entries()) {
    known(["propagation", index, "from"], from, system.entities, "on the service map");
    known(["propagation", index, "to"], to, system.entities, "on the service map");
    if (!reached.has(from)) {
      complain(["propagation", index, "from"], `${quoted(from)} is neither a root cause nor reached by a line above`);
    }
    reached.add(to);
  }
  for (const [index, { name }] of manifest.slis.entries())
    known(["slis", index, "name"], name, system.slis, "an objective");
  for (const [index, name] of manifest.alerts.entries()) known(["alerts", index], name, system.alerts, "an alert");
  for (const [index, { entity }] of manifest.decoys.entries()) {
    known(["decoys", index, "entity"], entity, system.entities, "on the service map");
    if (causes.has(entity)) complain(["decoys", index, "entity"], `${quoted(entity)} is a root cause`);
  }
  for (const [index, mitigation] of mitigations.entries()) {
    if (mitigation.action === "clear") flag(["mitigations", index], mitigation.flag);
    else known(["mitigations", index, "service"], mitigation.service, system.services, "a service");
  }
  for (const [index, step] of revert.entries()) flag(["revert", index], step.flag, step.variant);

  if (faults.length > 0) {
    if (timeToDetect === undefined) complain([], "the field timeToDetect is missing");
    else if (timeToDetect.minimumSeconds > timeToDetect.typicalSeconds) {
      complain(["timeToDetect"], `the minimum of ${timeToDetect.minimumSeconds} s is more than what is typical`);
    }
    if (!mitigations.some(({ helps }) => helps)) complain(["mitigations"], "none of them helps");
    if (manifest.difficulty === "none") complain(["difficulty"], "there is a fault, so it is easy, medium or hard");
    return;
  }
  for (const name of ["propagation", "slis", "alerts", "mitigations", "revert"] as const) {
    if (manifest[name].length > 0) complain([name], "there is no fault that this could come from");
  }
  if (timeToDetect !== undefined) complain(["timeToDetect"], "there is no fault to detect");
  if (manifest.difficulty !== "none") complain(["difficulty"], "without a fault it is none");
}

function shown(content: unknown, path: Path): string {
  let value = content;
  for (const key of path) value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[key];
  return JSON.stringify(value) ?? "nothing";
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function baseName(file: string): string {
  return file.replace(/^.*\//, "").replace(/\.ya?ml$/, "");
}
