import { readFile } from "node:fs/promises";
import { Type } from "typebox";
import Value from "typebox/value";
import { ConfigError } from "../platform/config/environment.ts";
import { type Path, pathOf, readLocated } from "../platform/config/located-document.ts";
import { limits } from "./limits.ts";
import { day, hold, type Level, type Plan, planOf, ramp, type Stage, spike, steps } from "./plan.ts";
import { durationMs, ratePerSecond } from "./quantities.ts";

/** A plan with a name, as a file describes it. */
export interface Profile {
  readonly name: string;
  readonly plan: Plan;
}

class Complaint extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

const File = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 200 })),
    stages: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.stages }),
  },
  { additionalProperties: false },
);

const StageFields = Type.Object(
  {
    duration: Type.String(),
    users: Type.Optional(Type.Unknown()),
    rate: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

const exact = { additionalProperties: false } as const;
const amount = Type.Union([Type.Number(), Type.String()]);

/** The shapes that a stage can have, and their measures. */
const shapes = {
  ramp: Type.Object({ shape: Type.Literal("ramp"), from: amount, to: amount }, exact),
  steps: Type.Object(
    { shape: Type.Literal("steps"), levels: Type.Array(amount, { minItems: 1, maxItems: 1_000 }) },
    exact,
  ),
  spike: Type.Object({ shape: Type.Literal("spike"), base: amount, peak: amount }, exact),
  day: Type.Object({ shape: Type.Literal("day"), low: amount, high: amount }, exact),
} as const;

/**
 * Reads a profile from a file, YAML or JSON.
 *
 * @throws ConfigError that names the file, the line, the place in it, and what would be right
 */
export async function readProfile(file: string): Promise<Profile> {
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new ConfigError(`The profile ${file} cannot be read: ${why}.`, { cause });
  });
  return parseProfile(text, file);
}

/** See {@link readProfile}. */
export function parseProfile(text: string, file: string): Profile {
  const { content, unreadable, problemAt } = readLocated(text);
  const [broken] = unreadable;
  if (broken !== undefined) throw new ConfigError(`${file}:${broken.line}: ${broken.reason.split("\n", 1)[0]}`);
  try {
    return profileOf(content, file);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    const { line, path, reason } = problemAt(error.path, error.message);
    throw new ConfigError(`${file}:${line}: ${path === "" ? "The profile" : path} ${reason}`, { cause: error });
  }
}

function profileOf(content: unknown, file: string): Profile {
  const { name = file, stages } = checked(File, content, []);
  const made = stages.map((stage, index) => stageOf(stage, ["stages", index]));
  const plan = planOf(made);
  if (plan.durationMs > limits.durationMs) throw new Complaint(["stages"], "take more than 7 days together.");
  return { name, plan };
}

function stageOf(content: unknown, path: Path): Stage {
  const { duration, users, rate } = checked(StageFields, content, path);
  const ms = durationMs(duration);
  if (ms === undefined || ms <= 0)
    throw new Complaint(
      [...path, "duration"],
      `is ${JSON.stringify(duration)}: it takes a duration such as 90s or 5m.`,
    );
  if ((users === undefined) === (rate === undefined))
    throw new Complaint(path, `needs either users or rate, and has ${users === undefined ? "none." : "both."}`);
  return users !== undefined
    ? { durationMs: ms, users: levelOf(users, [...path, "users"], userCount) }
    : { durationMs: ms, rate: levelOf(rate, [...path, "rate"], arrivalRate) };
}

type Measure = (value: number | string, path: Path) => number;

const userCount: Measure = (value, path) => {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= limits.users) return value;
  throw new Complaint(path, `is ${JSON.stringify(value)}: it takes a whole number of users from 0 to ${limits.users}.`);
};

const arrivalRate: Measure = (value, path) => {
  const perSecond = ratePerSecond(String(value));
  if (perSecond !== undefined && perSecond <= limits.ratePerSecond) return perSecond;
  throw new Complaint(
    path,
    `is ${JSON.stringify(value)}: it takes a rate such as 20, 20/s or 600/m, at most ${limits.ratePerSecond}/s.`,
  );
};

function levelOf(content: unknown, path: Path, measure: Measure): Level {
  if (typeof content === "number" || typeof content === "string") return hold(measure(content, path));
  const shape = typeof content === "object" && content !== null && "shape" in content ? content.shape : undefined;
  const at = (key: string, value: number | string) => measure(value, [...path, key]);
  switch (shape) {
    case "ramp": {
      const { from, to } = checked(shapes.ramp, content, path);
      return ramp(at("from", from), at("to", to));
    }
    case "steps": {
      const { levels } = checked(shapes.steps, content, path);
      return steps(levels.map((level, index) => measure(level, [...path, "levels", index])));
    }
    case "spike": {
      const { base, peak } = checked(shapes.spike, content, path);
      return spike(at("base", base), at("peak", peak));
    }
    case "day": {
      const { low, high } = checked(shapes.day, content, path);
      if (at("low", low) > at("high", high)) throw new Complaint([...path, "low"], "is higher than high.");
      return day(at("low", low), at("high", high));
    }
    default: {
      const names = Object.keys(shapes).join(", ");
      if (shape === undefined) throw new Complaint(path, `takes a number, or a shape: ${names}.`);
      throw new Complaint([...path, "shape"], `is ${JSON.stringify(shape)}: it takes one of ${names}.`);
    }
  }
}

/** @throws Complaint about the first thing that is not as the schema says */
function checked<const S extends Type.TSchema>(schema: S, content: unknown, path: Path): Type.Static<S> {
  if (Value.Check(schema, content)) return content;
  const problems = Value.Errors(schema, content).filter(({ keyword }) => keyword !== "boolean");
  // A key that is misspelt is one too many and one too few; the former says more.
  const problem = problems.find(({ keyword }) => keyword === "additionalProperties") ?? problems[0];
  if (problem === undefined) throw new Complaint(path, "is not valid.");
  const keys = pathOf(problem.instancePath);
  const { params } = problem as { params: { additionalProperties?: readonly string[] } };
  const [unknown] = params.additionalProperties ?? [];
  if (unknown !== undefined) {
    const known = "properties" in schema ? Object.keys(schema.properties as object).join(", ") : "";
    throw new Complaint([...path, ...keys, unknown], `is not known here: there are ${known}.`);
  }
  throw new Complaint([...path, ...keys], `${problem.message}.`);
}
