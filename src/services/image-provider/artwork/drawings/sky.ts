import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, type Sheet, type Stop } from "./sheet.ts";

export const width = 1280;
export const height = 960;

type Hour = "dusk" | "evening" | "night";

const hours: Record<Hour, readonly Stop[]> = {
  dusk: [
    [0, "#141849"],
    [0.26, "#2f2f7d"],
    [0.46, "#6d4a97"],
    [0.6, "#c9707f"],
    [0.7, "#ffb56b"],
    [0.76, "#ffd99a"],
    [1, "#ffd99a"],
  ],
  evening: [
    [0, "#1a1e5a"],
    [0.4, "#3c3d96"],
    [0.7, "#7a66b4"],
    [1, "#c08fa6"],
  ],
  night: [
    [0, "#12164a"],
    [0.5, "#33348a"],
    [0.85, "#6a5cae"],
    [1, "#8f74b4"],
  ],
};

/** The sky behind a picture: its hour, and its own stars by seed, none below `starsTo` (units from the top). */
export function sky(
  sheet: Sheet,
  {
    hour,
    seed,
    starsTo = height,
    w = width,
    h = height,
  }: { hour: Hour; seed: number; starsTo?: number; w?: number; h?: number },
): string {
  return `<rect width="${w}" height="${h}" fill="${sheet.linear(hours[hour])}"/>${stars(sheet, { seed, count: Math.round((w * starsTo) / 6200), w, h: starsTo })}`;
}

/** Stars, most faint, a few bright enough to glint; they thin out towards the lower edge. */
export function stars(
  sheet: Sheet,
  { seed, count, w, h }: { seed: number; count: number; w: number; h: number },
): string {
  const random = seeded(seed);
  const halo = sheet.radial([
    [0, "#ffffff", 0.8],
    [0.3, color.mist, 0.25],
    [1, color.mist, 0],
  ]);
  let out = "";
  for (let i = 0; i < count; i++) {
    const x = random() * w;
    const y = random() ** 1.3 * h;
    const bright = random() ** 7;
    const fade = 1 - (y / h) ** 3;
    const warm = random() < 0.2 ? color.gold : "#ffffff";
    const see = (0.25 + 0.7 * random()) * fade;
    out += `<circle cx="${n(x)}" cy="${n(y)}" r="${n(0.8 + bright * 2.2)}" fill="${warm}" opacity="${see.toFixed(2)}"/>`;
    if (bright > 0.72) {
      out += `<circle cx="${n(x)}" cy="${n(y)}" r="${n(10 + bright * 12)}" fill="${halo}" opacity="${(fade * 0.8).toFixed(2)}"/>`;
      out += glint(x, y, 6 + bright * 9, fade * 0.9);
    }
  }
  return out;
}

/** A four-pointed glint of light. */
export function glint(x: number, y: number, size: number, opacity = 1): string {
  const s = size;
  const t = size * 0.09;
  return `<path transform="translate(${n(x)} ${n(y)})" d="M0 ${n(-s)}Q${n(t)} ${n(-t)} ${n(s)} 0Q${n(t)} ${n(t)} 0 ${n(s)}Q${n(-t)} ${n(t)} ${n(-s)} 0Q${n(-t)} ${n(-t)} 0 ${n(-s)}Z" fill="#fff" opacity="${opacity.toFixed(2)}"/>`;
}

/** A soft light in the air around a point. */
export function glow(
  sheet: Sheet,
  {
    x,
    y,
    r,
    tint = color.amber,
    strength = 0.5,
  }: { x: number; y: number; r: number; tint?: string; strength?: number },
): string {
  const fill = sheet.radial([
    [0, tint, strength],
    [0.35, tint, strength * 0.45],
    [0.7, tint, strength * 0.1],
    [1, tint, 0],
  ]);
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" fill="${fill}"/>`;
}

/** The shop's motif: the rings and graduations of an orrery's dial, in fine lines, with a planet on each ring. */
export function rings({
  x,
  y,
  r,
  count = 4,
  opacity = 0.3,
  tilt = 1,
}: {
  x: number;
  y: number;
  r: number;
  count?: number;
  opacity?: number;
  tilt?: number;
}): string {
  let lines = "";
  let planets = "";
  for (let i = 1; i <= count; i++) {
    const radius = (r * i) / count;
    lines += `<circle r="${n(radius)}"/>`;
    const angle = -0.5 - i * 1.9;
    planets += `<circle cx="${n(radius * Math.cos(angle))}" cy="${n(radius * Math.sin(angle))}" r="${n(4 + ((i * 3) % 5))}"/>`;
  }
  let ticks = "";
  for (let degrees = 0; degrees < 360; degrees += 3) {
    const angle = (degrees * Math.PI) / 180;
    const inner = r * (degrees % 15 === 0 ? 1.025 : 1.012);
    ticks += `M${n(inner * Math.cos(angle))} ${n(inner * Math.sin(angle))}L${n(r * 1.045 * Math.cos(angle))} ${n(r * 1.045 * Math.sin(angle))}`;
  }
  return `<g transform="translate(${n(x)} ${n(y)}) scale(1 ${tilt})"><g fill="none" stroke="${color.gold}" stroke-opacity="${opacity}" stroke-width="1.6">${lines}<circle r="${n(r * 1.045)}"/><path d="${ticks}"/></g><g fill="${color.gold}" opacity="${Math.min(1, opacity * 2.6).toFixed(2)}">${planets}</g></g>`;
}
