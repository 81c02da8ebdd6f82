import { Document, isAlias, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

/** A plain value, or one with a remark or a name on it, to be written as YAML. */
export type Yaml =
  | string
  | number
  | boolean
  | null
  | readonly Yaml[]
  | { readonly [key: string]: Yaml }
  | Noted
  | Shared;

/** A value with a remark above it that tells why it is there. */
export class Noted {
  readonly why: string;
  readonly value: Yaml;

  constructor(why: string, value: Yaml) {
    this.why = why;
    this.value = value;
  }
}

/** A value that is written where it comes first, and referred to by its name from then on. */
export class Shared {
  readonly name: string;
  readonly value: Yaml;

  constructor(name: string, value: Yaml) {
    this.name = name;
    this.value = value;
  }
}

export function noted(why: string, value: Yaml): Noted {
  return new Noted(why, value);
}

/** Writes YAML for people: remarks above what they are about, small maps on one line, what repeats by its name. */
export function renderYaml(value: Yaml, head: string): string {
  const document = new Document();
  const written = new Set<string>();
  document.contents = node(value, written, 0) as typeof document.contents;
  document.commentBefore = comment(head);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function node(value: Yaml, written: Set<string>, depth: number): Node {
  if (value instanceof Noted) {
    const inner = node(value.value, written, depth);
    inner.commentBefore = comment(value.why);
    return inner;
  }
  if (value instanceof Shared) {
    if (written.has(value.name)) return new Document().createAlias(new Scalar(value.name), value.name);
    written.add(value.name);
    const inner = node(value.value, written, depth);
    if (!isAlias(inner)) inner.anchor = value.name;
    return inner;
  }
  if (isList(value)) {
    const seq = new YAMLSeq();
    seq.flow = isSmall(value, written, depth);
    for (const item of value) seq.items.push(node(item, written, depth + 1));
    return seq;
  }
  if (typeof value !== "object" || value === null) return scalar(value);
  const map = new YAMLMap();
  map.flow = isSmall(value, written, depth);
  for (const [key, item] of Object.entries(value)) {
    const name = new Scalar(key);
    const inner = node(item, written, depth + 1);
    // Above the key, not between the key and its value.
    if (inner.commentBefore !== undefined) name.commentBefore = inner.commentBefore;
    inner.commentBefore = null;
    map.items.push(new Pair(name, inner));
  }
  return map;
}

/** Strings that are more than a word are quoted: parsers differ in what they take for one. */
function scalar(value: string | number | boolean | null): Scalar {
  const made = new Scalar(value);
  if (typeof value === "string" && !/^[\w./@-]+$/.test(value)) {
    made.type = /["\\]/.test(value) ? "QUOTE_SINGLE" : "QUOTE_DOUBLE";
  }
  return made;
}

function isList(value: Yaml): value is readonly Yaml[] {
  return Array.isArray(value);
}

function comment(text: string): string {
  return text.replaceAll(/^/gm, " ");
}

/** Whether a collection is better read on one line. */
function isSmall(value: Yaml, written: ReadonlySet<string>, depth: number): boolean {
  const { levels, length } = extent(value, written);
  return depth > 1 && levels <= 3 && length + 2 * depth < 110;
}

/** How deep a value is and how long on one line; without end, if something in it needs lines of its own. */
function extent(value: Yaml, written: ReadonlySet<string>): { readonly levels: number; readonly length: number } {
  if (value instanceof Shared && written.has(value.name)) return { levels: 0, length: value.name.length + 1 };
  if (value instanceof Noted || value instanceof Shared) return { levels: Number.POSITIVE_INFINITY, length: 0 };
  if (typeof value !== "object" || value === null) return { levels: 0, length: String(value).length };
  const inner = Object.values(value).map((item) => extent(item, written));
  const keys = isList(value) ? 0 : Object.keys(value).join(": ").length + 2;
  return {
    levels: 1 + Math.max(0, ...inner.map(({ levels }) => levels)),
    length: inner.reduce((sum, { length }) => sum + length + 2, keys + 2),
  };
}
