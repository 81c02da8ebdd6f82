import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchCalls } from "./calls.ts";
import type { Figure } from "./figure.ts";
import { benchShop } from "./shop.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "string", default: "bench/results/latest.json" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  process.stdout.write(`Usage: npm run bench -- [--short] [--json <file>]

Prints a table of figures and writes them as JSON. Everything is measured on this machine in one run: read ratios,
not numbers, and see bench/README.md for what each line means.
  --short  a smoke test of the benchmark itself, some three minutes
  --json   where the figures go, ${options.json} by default
`);
} else {
  const seconds = options.short ? { calls: 1, shop: 3 } : { calls: 3, shop: 8 };
  const figures: Figure[] = [];
  const report = (figure: Figure) => {
    figures.push(figure);
    process.stdout.write(line(figure));
  };
  process.stdout.write(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})\n\n`);
  await benchCalls({ seconds: seconds.calls, report });
  await benchShop({ seconds: seconds.shop, report });
  await mkdir(new URL("results/", import.meta.url), { recursive: true });
  await writeFile(
    options.json,
    `${JSON.stringify({ node: process.version, cores: cpus().length, figures }, null, 2)}\n`,
  );
  process.stdout.write(`\nWritten to ${options.json}\n`);
}

function line({ name, value, unit, target, baseline }: Figure): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const compared = baseline === undefined ? "" : `  ${(value / baseline.value).toFixed(2)} x ${baseline.name}`;
  const aim =
    target === undefined ? "" : `  (target: at ${target.at} ${round(target.value)} ${unit}:${verdict(value, target)})`;
  return `${name.padEnd(58)} ${value.toFixed(digits).padStart(9)} ${unit}${compared}${aim}\n`;
}

function verdict(value: number, target: NonNullable<Figure["target"]>): string {
  const isMet = target.at === "most" ? value <= target.value : value >= target.value;
  return isMet ? " met" : " missed";
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
