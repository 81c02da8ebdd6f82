import type { Static, TSchema } from "typebox";
import { Errors } from "typebox/value";
import { type DocumentProblem, type LocatedDocument, pathOf, readLocated } from "../config/located-document.ts";

type ReadText<T> =
  | { readonly kind: "valid"; readonly value: T; readonly problemAt: LocatedDocument["problemAt"] }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

/** Reads JSON of a known shape, and says of everything that is wrong in it where and why. */
export function readJsonText<const S extends TSchema>(schema: S, text: string): ReadText<Static<S>> {
  const { content, unreadable, lineOf, problemAt } = readLocated(text, { schema: "json" });
  const [broken] = unreadable;
  // YAML reads more than JSON does.
  try {
    JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const [, position] = /position (\d+)/.exec(reason) ?? [];
    const line = position === undefined ? (broken?.line ?? lineOf(text.length)) : lineOf(Number(position));
    return { kind: "invalid", problems: [{ line, path: "", reason }] };
  }
  if (broken !== undefined) return { kind: "invalid", problems: [{ ...broken, reason: "a key occurs twice" }] };
  const problems = Errors(schema, content).map(({ instancePath, message }) => problemAt(pathOf(instancePath), message));
  return problems.length > 0
    ? { kind: "invalid", problems }
    : { kind: "valid", value: content as Static<S>, problemAt };
}

/** `12: flags.adFailure.state: must be equal to one of the allowed values` */
export function described({ line, path, reason }: DocumentProblem): string {
  return `${line}: ${path === "" ? "" : `${path}: `}${reason}`;
}
