import { shownDuration } from "./quantities.ts";
import type { FailureRow, RequestRow, Snapshot, Times } from "./statistics.ts";

/** What a load was, beside what came of it. */
export interface LoadReport extends Snapshot {
  readonly target: string;
  readonly seed: number;
  /** `20 users`, in words. */
  readonly plan: string;
  /** The share of failed requests, and how much was allowed. */
  readonly errorRate: number;
  readonly maxErrorRate: number;
  readonly passed: boolean;
}

/** Whether a load went well: something was asked, and no more than the allowed share failed. */
export function reportOf(
  snapshot: Snapshot,
  of: Pick<LoadReport, "target" | "seed" | "plan" | "maxErrorRate">,
): LoadReport {
  const { count, failed } = snapshot.total;
  const errorRate = count === 0 ? 0 : failed / count;
  return { ...of, errorRate, passed: count > 0 && errorRate <= of.maxErrorRate, ...snapshot };
}

const kinds: Readonly<Record<FailureRow["kind"], string>> = {
  connection: "nobody answered",
  timeout: "no answer in time",
  status: "the shop failed",
  declined: "the shop declined",
  content: "a wrong answer",
};

/** In words, for people. */
export function failureText({ kind, detail }: Pick<FailureRow, "kind" | "detail">): string {
  return `${kinds[kind]}: ${detail}`;
}

/** A share as a percentage with as many digits as it takes. */
export function percentage(share: number): string {
  const percent = share * 100;
  return `${percent === 0 ? "0" : percent < 0.1 ? percent.toPrecision(1) : Number(percent.toFixed(2))} %`;
}

/** The summary as text, 100 columns wide at most unless names are longer. */
export function summaryText(report: LoadReport): string {
  const { total, requests, failures, arrivals, serviceTimes, seconds } = report;
  const lines = [
    `${report.plan} against ${report.target} for ${shownDuration(seconds * 1_000)}, seed ${report.seed}`,
    "",
    ...columns([
      ["Request", "count", "failed", "per s", "p50", "p95", "p99", "p99.9", "max"],
      ...requests.map((row) => cellsOf(row)),
      cellsOf({ ...total, name: "all" }),
    ]),
  ];
  if (arrivals !== undefined) {
    const { started, late, dropped } = arrivals;
    lines.push(
      "",
      `Arrivals: ${started} begun, ${late} of them late, ${dropped} given up. Times count from the intended start;`,
      `from the real one: p50 ${shownDuration(serviceTimes.p50)}, p99 ${shownDuration(serviceTimes.p99)}.`,
    );
  }
  if (failures.length > 0) {
    lines.push(
      "",
      "What failed:",
      ...failures.slice(0, 20).map((row) => `  ${row.count} × ${row.name}: ${failureText(row)}`),
    );
    if (failures.length > 20) lines.push(`  and ${failures.length - 20} other kinds`);
  }
  lines.push("", verdict(report));
  return `${lines.join("\n")}\n`;
}

/** One sentence. */
export function verdict({ total, passed, errorRate, maxErrorRate }: LoadReport): string {
  if (total.count === 0) return "FAILED: no request was sent.";
  const share = `${total.failed} of ${total.count} requests failed (${percentage(errorRate)})`;
  const allowed = `${percentage(maxErrorRate)} may`;
  return passed ? `PASSED: ${share}; ${allowed}.` : `FAILED: ${share}; ${allowed}.`;
}

/** Percentiles in the order in which they are shown. */
export const shownTimes = [
  ["p50", "p50"],
  ["p95", "p95"],
  ["p99", "p99"],
  ["p99.9", "p999"],
  ["max", "max"],
] as const satisfies readonly (readonly [string, keyof Times])[];

function cellsOf({ name, count, failed, perSecond, times }: RequestRow): string[] {
  return [
    name,
    String(count),
    String(failed),
    perSecond.toFixed(1),
    ...shownTimes.map(([, key]) => shownDuration(times[key])),
  ];
}

/** Names to the left, figures to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join("  "),
  );
}
