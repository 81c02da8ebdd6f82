/** Tells the stages of a start, one line each, with how long they took. */
export class Stages {
  readonly #out: { write(text: string): unknown };

  constructor(out: { write(text: string): unknown }) {
    this.#out = out;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work();
    this.line(`${name} ready in ${Math.round(performance.now() - begun)} ms`);
    return result;
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}

/** Rows of a table in columns, with a line under the first row. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return `${[lines[0], rule, ...lines.slice(1)].join("\n")}\n`;
}
