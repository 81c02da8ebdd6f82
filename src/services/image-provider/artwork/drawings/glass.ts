import { seeded } from "./random.ts";
import { n, type Sheet, type Stop } from "./sheet.ts";

type Coating = "violet" | "emerald" | "amber" | "ruby";

const coatings: Record<Coating, readonly Stop[]> = {
  violet: [
    [0, "#0b1040"],
    [0.45, "#1c2577"],
    [0.72, "#3a35a6"],
    [0.9, "#8a63dd"],
    [1, "#241a63"],
  ],
  emerald: [
    [0, "#051325"],
    [0.45, "#0b3050"],
    [0.72, "#146a7c"],
    [0.9, "#56c3b4"],
    [1, "#0d2b4a"],
  ],
  amber: [
    [0, "#2a0d12"],
    [0.45, "#7c3316"],
    [0.72, "#d27a24"],
    [0.9, "#ffc76b"],
    [1, "#7c3a18"],
  ],
  ruby: [
    [0, "#fff0e6"],
    [0.25, "#ff8f7d"],
    [0.6, "#f0283f"],
    [0.9, "#a00d2c"],
    [1, "#4f0a22"],
  ],
};

/** A coated lens seen at an angle: centred at `x` on the axis, as round as `squash`, with the sky in its reflection. */
export function lens(
  sheet: Sheet,
  {
    x,
    r,
    squash,
    coating = "violet",
    seed = 7,
  }: { x: number; r: number; squash: number; coating?: Coating; seed?: number },
): string {
  const random = seeded(seed);
  const glass = sheet.radial(coatings[coating], { cx: 0.46, cy: 0.44, r: 0.56, fx: 0.58, fy: 0.62 });
  const clip = sheet.clip(`<circle r="${n(r)}"/>`);
  const stars = Array.from({ length: Math.round(r / 7) }, () => {
    const angle = random() * Math.PI * 2;
    const reach = Math.sqrt(random()) * r * 0.8;
    return `<circle cx="${n(reach * Math.cos(angle))}" cy="${n(reach * Math.sin(angle))}" r="${n(0.6 + random() * r * 0.012)}" fill="#fff" opacity="${n(0.3 + random() * 0.6)}"/>`;
  }).join("");
  const sheen = sheet.linear(
    [
      [0, "#ffffff", 0.75],
      [0.6, "#dfe3ff", 0.12],
      [1, "#dfe3ff", 0],
    ],
    { x2: 0.5, y2: 1 },
  );
  const crescent = `M${n(-0.86 * r)} ${n(0.2 * r)}A${n(0.88 * r)} ${n(0.88 * r)} 0 0 1 ${n(0.42 * r)} ${n(-0.77 * r)}A${n(1.12 * r)} ${n(1.12 * r)} 0 0 0 ${n(-0.86 * r)} ${n(0.2 * r)}Z`;
  return `<g transform="translate(${n(x)} 0) scale(${squash} 1)"><circle r="${n(r)}" fill="${glass}"/><g clip-path="${clip}">${stars}<circle cx="${n(0.3 * r)}" cy="${n(0.42 * r)}" r="${n(0.34 * r)}" fill="#ffb454" opacity=".42" filter="${sheet.blur(Number(n(r * 0.13)))}"/><circle cx="${n(-0.34 * r)}" cy="${n(-0.36 * r)}" r="${n(0.3 * r)}" fill="#b9c2ff" opacity=".4" filter="${sheet.blur(Number(n(r * 0.13)))}"/><path d="${crescent}" fill="${sheen}"/><circle cx="${n(0.42 * r)}" cy="${n(0.5 * r)}" r="${n(0.07 * r)}" fill="#fff3dc" opacity=".85"/></g><circle r="${n(r)}" fill="none" stroke="#05061c" stroke-opacity=".7" stroke-width="${n(Math.max(2, r * 0.05))}"/></g>`;
}
