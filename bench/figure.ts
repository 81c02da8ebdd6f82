/** One line of the report. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What we aim at. */
  readonly target?: { readonly at: "most" | "least"; readonly value: number };
  /** What was measured beside it, to compare with. */
  readonly baseline?: { readonly name: string; readonly value: number };
}

export type Report = (figure: Figure) => void;

/** Microseconds of CPU that this process spends on one round of `work`, over `seconds` after a warm-up. */
export async function cpuPerRound(work: () => Promise<unknown>, seconds: number): Promise<number> {
  const warmUntil = performance.now() + Math.min(1_000, seconds * 500);
  while (performance.now() < warmUntil) await work();
  const before = process.cpuUsage();
  const until = performance.now() + seconds * 1_000;
  let rounds = 0;
  while (performance.now() < until) {
    await work();
    rounds++;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rounds;
}
