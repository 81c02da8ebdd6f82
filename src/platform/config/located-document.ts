import { type DocumentOptions, isCollection, isMap, isNode, isPair, LineCounter, parseDocument } from "yaml";

/** Somewhere in a document, by the keys that lead there. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in a document, and where. */
export interface DocumentProblem {
  /** Counted from 1. */
  readonly line: number;
  /** `stages[2].users`; empty for the document as a whole. */
  readonly path: string;
  readonly reason: string;
}

/** A document in YAML, of which JSON is a part, that knows where in its text everything stands. */
export interface LocatedDocument {
  readonly content: unknown;
  /** Why it is no YAML; nothing when it can be read. */
  readonly unreadable: readonly DocumentProblem[];
  /** Of what is missing, it is the line of its nearest parent. */
  problemAt(path: Path, reason: string): DocumentProblem;
  /** The line of a character. */
  lineOf(offset: number): number;
}

export function readLocated(
  text: string,
  options: Pick<DocumentOptions & { schema?: string }, "schema"> = {},
): LocatedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, ...options });
  const lineOf = (offset: number) => lines.linePos(offset).line;
  return {
    content: document.toJS(),
    unreadable: document.errors.map(({ message, pos }) => ({
      line: lineOf(pos[0]),
      path: "",
      reason: message.replace(/ at line .*$/s, ""),
    })),
    problemAt: (path, reason) => ({ line: lineOf(offsetOf(document.contents, path)), path: pathText(path), reason }),
    lineOf,
  };
}

/** Where a value stands in the text, by its key if it has one. */
function offsetOf(root: unknown, path: Path): number {
  let node = root;
  let offset = isNode(root) ? (root.range?.[0] ?? 0) : 0;
  for (const key of path) {
    if (!isCollection(node)) break;
    const pair = isMap(node) ? node.items.find((item) => isPair(item) && String(item.key) === String(key)) : undefined;
    node = node.get(key, true);
    const place = pair !== undefined && isNode(pair.key) ? pair.key : node;
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
  }
  return offset;
}

/** `faults[0].variant` */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
}

/** What a JSON pointer (RFC 6901) leads to, as schemas' complaints have it. */
export function pathOf(pointer: string): Path {
  if (pointer === "") return [];
  const parts = pointer.slice(1).split("/");
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll("~1", "/").replaceAll("~0", "~")));
}
