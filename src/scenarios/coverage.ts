import type { SourceDrop } from "./observatory-source.ts";

/** What a recording has of a table. */
export interface TableCoverage {
  readonly table: string;
  readonly rows: number;
  /** Rows that arrived during the recording and were dropped before they could be fetched. */
  readonly lost: number;
  /** Set when older rows had been dropped already: from then on it is whole. */
  readonly wholeSince?: string;
}

/** What a recording has, and what it lacks. */
export interface Coverage {
  readonly tables: readonly TableCoverage[];
  /** What the Observatory itself refused or lost while the recording went on. */
  readonly dropped: readonly SourceDrop[];
  /** Spans that stand for others, because traces were sampled, and for how many spans these stand. */
  readonly sampled: { readonly spans: number; readonly standFor: number };
  /** Anything else that is not as it should be, in words. */
  readonly problems: readonly string[];
}

/** Whether everything that the shop sent is there. */
export function isWhole({ tables, dropped, sampled, problems }: Coverage): boolean {
  const isEach = tables.every(({ lost, wholeSince }) => lost === 0 && wholeSince === undefined);
  return isEach && dropped.length === 0 && sampled.spans === 0 && problems.length === 0;
}

/** COVERAGE.md: what is there, for people. */
export function coverageText(
  coverage: Coverage,
  layouts: readonly { readonly name: string; readonly left?: string }[],
): string {
  const { tables, dropped, sampled, problems } = coverage;
  const lacks = [
    ...tables.flatMap(({ table, lost, wholeSince }) => [
      ...(lost === 0 ? [] : [`${lost} rows of ${table} were dropped by the Observatory before they could be fetched.`]),
      ...(wholeSince === undefined
        ? []
        : [`Rows of ${table} before ${wholeSince} had been dropped when the recording began.`]),
    ]),
    ...dropped.map(
      ({ signal, reason, count }) => `${count} of ${signal} were not taken by the Observatory: ${reason}.`,
    ),
    ...(sampled.spans === 0
      ? []
      : [
          `Traces were sampled: ${sampled.spans} spans stand for ${sampled.standFor}; counts and rates are of all of them.`,
        ]),
    ...problems,
  ];
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}\n`).join("");
  return [
    "# What this recording has\n\n",
    list(tables.map(({ table, rows }) => `${table}: ${rows} rows`)),
    "\n# What it lacks\n\n",
    lacks.length === 0 ? "Nothing that the shop sent.\n" : list(lacks),
    "\n# Layouts\n\n",
    list(layouts.map(({ name, left }) => (left === undefined ? `${name}/` : `${name} was left out: ${left}`))),
  ].join("");
}
