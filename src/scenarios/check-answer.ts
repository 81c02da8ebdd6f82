import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { ConfigError } from "../platform/config/environment.ts";
import { type Answer, answerSchema, timeMs } from "./answer.ts";
import { type Truth, truthSchema } from "./truth.ts";

/** @throws ConfigError that names everything wrong with the file, a line each */
export function readAnswer(text: string, file: string): Answer {
  const answer = parse(text, { file, schema: answerSchema, what: "scenarios/answer.schema.json" }) as Answer;
  const seen = new Map<string, number>();
  const problems = answer.rootCauses.flatMap(({ entity, time }, index) => {
    const before = seen.get(entity);
    if (before === undefined) seen.set(entity, index);
    return [
      ...(before === undefined
        ? []
        : [`${file}: rootCauses[${index}].entity: ${entity} is rootCauses[${before}] already`]),
      ...(time === undefined || timeMs(time) !== undefined
        ? []
        : [`${file}: rootCauses[${index}].time: ${JSON.stringify(time)} is not ISO 8601 with a time zone`]),
    ];
  });
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return answer;
}

/** @throws ConfigError that names everything wrong with the file, a line each */
export function readTruth(text: string, file: string): Truth {
  return parse(text, { file, schema: truthSchema, what: "the truth.json of a recording" }) as Truth;
}

function parse(
  text: string,
  options: { readonly file: string; readonly schema: TSchema; readonly what: string },
): unknown {
  const { file, schema, what } = options;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const problems = Value.Errors(schema, content)
    .filter(({ keyword }) => keyword !== "boolean")
    .map(({ keyword, instancePath, message, params }) => {
      const path = instancePath.slice(1).replaceAll("/", ".");
      const allowed = keyword === "enum" && "allowedValues" in params ? `: ${params.allowedValues.join(", ")}` : "";
      return `${file}: ${path === "" ? "" : `${path}: `}${message}${allowed}`;
    });
  if (problems.length > 0) throw new ConfigError([...new Set(problems), `It should be as ${what}.`].join("\n"));
  return content;
}
