import { seeded } from "./random.ts";
import { n } from "./sheet.ts";

/** The closed outline of a mountain ridge: around height `y`, as rough as `rise`, down to the lower edge `base`. */
export function ridge({
  seed,
  y,
  rise,
  base,
  w,
  detail = 7,
}: {
  seed: number;
  y: number;
  rise: number;
  base: number;
  w: number;
  detail?: number;
}): string {
  const random = seeded(seed);
  let heights = [random() - 0.5, random() - 0.5, random() - 0.5, random() - 0.5];
  let rough = 0.5;
  for (let level = 0; level < detail; level++) {
    heights = heights.flatMap((here, i) => {
      const next = heights[i + 1];
      return next === undefined ? [here] : [here, (here + next) / 2 + (random() - 0.5) * rough];
    });
    rough *= 0.52;
  }
  const step = w / (heights.length - 1);
  const line = heights.map((up, i) => `${n(i * step)} ${n(y - up * rise)}`).join("L");
  return `M0 ${n(base)}L${line}L${n(w)} ${n(base)}Z`;
}

/** The outline of a pine that stands at (x, y), `tall` units high. */
export function pine({ x, y, tall, seed }: { x: number; y: number; tall: number; seed: number }): string {
  const random = seeded(seed);
  const tiers = 11;
  const right: string[] = [];
  const left: string[] = [];
  for (let i = 1; i <= tiers; i++) {
    const at = y - tall + (tall * 0.94 * i) / tiers;
    const reach = tall * 0.21 * (i / tiers) ** 0.85;
    right.push(
      `L${n(x + reach * (0.8 + random() * 0.4))} ${n(at + random() * 4)}L${n(x + reach * 0.42)} ${n(at - tall * 0.012)}`,
    );
    left.unshift(
      `L${n(x - reach * 0.42)} ${n(at - tall * 0.012)}L${n(x - reach * (0.8 + random() * 0.4))} ${n(at + random() * 4)}`,
    );
  }
  const trunk = tall * 0.018;
  return `M${n(x)} ${n(y - tall)}${right.join("")}L${n(x + trunk)} ${n(y - tall * 0.06)}V${n(y)}H${n(x - trunk)}V${n(y - tall * 0.06)}${left.join("")}Z`;
}
