import { expect } from "vitest";

export const script = "<script>alert(1)</script>";
export const image = '"><img src=x onerror=alert(1)>';

/** Nothing of ours leaks: neither a stack, nor a path, nor a query. */
export const leaks = /\bat [\w.<>]+ \(|node_modules|\.ts:\d|\/src\/|PostgresError|select .* from|insert into/i;

/** An answer, its body as text. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A 4xx that says what was wrong and nothing else. */
export function expectRefused(answer: Answer, what: string): void {
  expect(answer.status, `${what}: ${answer.text.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
  expect(answer.status, `${what}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
  expect(answer.text, what).not.toMatch(leaks);
}

/** Any answer but a 5xx, and none that tells of our insides. */
export function expectNoDefect(answer: Answer, what: string): void {
  expect(answer.status, `${what}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
  if (answer.status >= 400) expect(answer.text, what).not.toMatch(leaks);
}

const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

/** What no JSON object is, or what one can choke on; the first tells what it is. */
export const brokenJson: readonly (readonly [string, string])[] = [
  ["nothing closed", "{"],
  ["no JSON", "hello"],
  ["a bare comma", '{"a":1,}'],
  ["single quotes", "{'a':1}"],
  ["a NUL", '{"a":\0}'],
  ["a list", "[]"],
  ["a number", "1"],
  ["a text", '"text"'],
  ["deep lists", deep("[", "]", 20_000)],
  ["deep objects", `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`],
  ["bytes that are no text", "\xff\xfe\xfd"],
];

/** Values that hardly any field takes. */
export const wrongValues: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  "1e999",
  "",
  "text",
  "a\0b",
  "\ud800",
  "\u202e\u0000\uffff",
  "x".repeat(100_000),
  [],
  [[]],
  {},
  { a: 1 },
  { $typeName: "oteldemo.Money" },
  { $typeName: "google.protobuf.Any", value: "x" },
  script,
];

/** The message with each of its fields, however deep, replaced by the value in turn. */
export function* replacing(message: unknown, value: unknown): Generator<unknown> {
  if (typeof message !== "object" || message === null) return;
  for (const [name, field] of Object.entries(message)) {
    const copy = Array.isArray(message) ? [...message] : { ...message };
    yield Object.assign(copy, { [name]: value });
    for (const inner of replacing(field, value)) {
      const outer = Array.isArray(message) ? [...message] : { ...message };
      yield Object.assign(outer, { [name]: inner });
    }
  }
}
