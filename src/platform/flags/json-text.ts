import type { Static, TSchema } from "typebox";
import { Errors } from "typebox/value";
import { LineCounter, parseDocument } from "yaml";

/** One thing that is wrong in a text of JSON, and where. */
export interface DocumentProblem {
  /** Counted from 1. */
  readonly line: number;
  /** `flags.adFailure.state`; empty for the text as a whole. */
  readonly path: string;
  readonly reason: string;
}

/** Says where something stands that is wrong for a reason which a schema cannot tell. */
export type ProblemAt = (path: readonly string[], reason: string) => DocumentProblem;

type ReadText<T> =
  | { readonly kind: "valid"; readonly value: T; readonly problemAt: ProblemAt }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

/** Reads JSON of a known shape, and says of everything that is wrong in it where and why. */
export function readJsonText<const S extends TSchema>(schema: S, text: string): ReadText<Static<S>> {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, schema: "json", uniqueKeys: true });
  // YAML reads more than JSON does, and flagd reads JSON.
  try {
    JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(reason)?.[1] ?? parsed.errors[0]?.pos[0] ?? text.length);
    return { kind: "invalid", problems: [{ line: lines.linePos(position).line, path: "", reason }] };
  }
  const [twice] = parsed.errors;
  if (twice !== undefined) {
    return {
      kind: "invalid",
      problems: [{ line: lines.linePos(twice.pos[0]).line, path: "", reason: "a key occurs twice" }],
    };
  }
  const value: unknown = parsed.toJS();
  const lineOf = (path: readonly string[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = parsed.getIn(path.slice(0, depth), true);
      const offset = rangeStart(node);
      if (offset !== undefined) return lines.linePos(offset).line;
    }
    return 1;
  };
  const problemAt: ProblemAt = (path, reason) => ({ line: lineOf(path), path: path.join("."), reason });
  const problems = Errors(schema, value).map(({ instancePath, message }) =>
    problemAt(
      instancePath
        .split("/")
        .slice(1)
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
      message,
    ),
  );
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", value: value as Static<S>, problemAt };
}

/** `12: flags.adFailure.state: must be equal to one of the allowed values` */
export function described({ line, path, reason }: DocumentProblem): string {
  return `${line}: ${path === "" ? "" : `${path}: `}${reason}`;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  return Array.isArray(node.range) ? node.range[0] : undefined;
}
