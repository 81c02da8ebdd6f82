import { refractorOnTripod } from "./explorascope.ts";
import { pine, ridge } from "./landscape.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, type Sheet } from "./sheet.ts";
import { glow, rings, stars } from "./sky.ts";

export const bannerWidth = 1600;
export const bannerHeight = 640;

/** The home page's wide picture: Milky Way and telescope to the right, calm sky for a headline to the left. */
export function banner(sheet: Sheet): string {
  const haze = (top: string, bottom: string) =>
    sheet.linear([
      [0, top],
      [1, bottom],
    ]);
  const w = bannerWidth;
  const h = bannerHeight;
  const pines = [1392, 1428, 1470, 1506, 1548, 1588, 40, 84, 128, 168, 12]
    .map((x, i) => pine({ x, y: x < 800 ? 612 : 586, tall: (x < 800 ? 80 : 120) + ((i * 47) % 80), seed: i + 60 }))
    .join("");
  return [
    `<rect width="${w}" height="${h}" fill="${sheet.linear([
      [0, "#0a0d2f"],
      [0.4, "#1d2060"],
      [0.66, "#49409a"],
      [0.82, "#a5649a"],
      [0.94, "#f0a07a"],
      [1, "#ffc98c"],
    ])}"/>`,
    milkyWay(sheet),
    stars(sheet, { seed: 204, count: 210, w, h: 470 }),
    rings({ x: 1196, y: 300, r: 400, count: 5, opacity: 0.2 }),
    glow(sheet, { x: 1100, y: 600, r: 560, tint: "#ffbf86", strength: 0.6 }),
    `<path d="${ridge({ seed: 401, y: 540, rise: 150, base: h, w })}" fill="${haze("#7a5a9e", "#c47d8c")}"/>`,
    `<path d="${ridge({ seed: 87, y: 580, rise: 100, base: h, w })}" fill="${haze("#433a80", "#72508c")}"/>`,
    `<path d="M0 ${h}V612C240 590 420 624 640 612C820 602 940 566 1120 560C1300 556 1420 580 ${w} 566V${h}Z" fill="${haze("#2c2a68", "#0d0f34")}"/>`,
    `<path d="M0 612C240 590 420 624 640 612C820 602 940 566 1120 560C1300 556 1420 580 ${w} 566" fill="none" stroke="#ffbd90" stroke-opacity=".6" stroke-width="2"/>`,
    `<path d="${pines}" fill="#10123c"/>`,
    `<g transform="translate(846 44) scale(.585)">${refractorOnTripod(sheet)}</g>`,
  ].join("");
}

/** A band of light and dust across the right half of the sky, grained by noise, strewn with faint stars. */
function milkyWay(sheet: Sheet): string {
  const random = seeded(1610);
  const normal = () => (random() + random() + random() + random() - 2) / 2;
  const dust = sheet.define(
    "milky way dust",
    (id) =>
      `<filter id="${id}" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency=".009" numOctaves="5" seed="11"/><feColorMatrix values="0 0 0 0 .86 0 0 0 0 .8 0 0 0 0 1 1.9 0 0 0 -.62"/></filter>`,
  );
  const lanes = sheet.define(
    "milky way lanes",
    (id) =>
      `<filter id="${id}" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency=".013" numOctaves="5" seed="29"/><feColorMatrix values="0 0 0 0 .05 0 0 0 0 .05 0 0 0 0 .2 2.6 0 0 0 -1.15"/></filter>`,
  );
  const band = sheet.mask(
    `<rect x="-700" y="-120" width="1400" height="240" fill="${sheet.linear([
      [0, "#fff", 0],
      [0.5, "#fff", 1],
      [1, "#fff", 0],
    ])}"/>`,
  );
  const core = sheet.mask(
    `<rect x="-700" y="-46" width="1400" height="92" fill="${sheet.linear([
      [0, "#fff", 0],
      [0.5, "#fff", 0.9],
      [1, "#fff", 0],
    ])}"/>`,
  );
  const grains = Array.from({ length: 620 }, () => {
    const x = (random() - 0.5) * 1300;
    const y = normal() * 190;
    return `<circle cx="${n(x)}" cy="${n(y)}" r="${(0.5 + random() ** 4 * 1.2).toFixed(1)}" fill="${random() < 0.25 ? color.gold : "#fff"}" opacity="${(0.25 + random() * 0.6).toFixed(2)}"/>`;
  }).join("");
  return [
    `<g transform="translate(1060 210) rotate(-52)">`,
    `<ellipse rx="640" ry="120" fill="#8d84e8" opacity=".38" filter="${sheet.blur(50)}"/>`,
    `<ellipse cx="-160" rx="330" ry="62" fill="#ffc9a0" opacity=".42" filter="${sheet.blur(36)}"/>`,
    `<g mask="${band}"><rect x="-700" y="-140" width="1400" height="280" filter="${dust}"/></g>`,
    `<g mask="${core}"><rect x="-700" y="-60" width="1400" height="120" filter="${lanes}"/></g>`,
    grains,
    "</g>",
  ].join("");
}
