import { lathe, rod } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glow } from "./sky.ts";
import { shadow, stage, stand, standing } from "./stage.ts";

const sun = { x: 452, y: 372, r: 268 } as const;
const cell = { x: 800, y: 466, r: 276, squash: 0.86, turn: 172 } as const;

/** An 8-inch solar filter on its stand: beside it the sun blinds, through it the sun shows its spots. */
export function solarFilter(sheet: Sheet): string {
  const { x, y, r, squash, turn } = cell;
  const film = `<ellipse rx="${n((r - 34) * squash)}" ry="${r - 34}" transform="translate(${x} ${y}) rotate(${turn}) translate(60 0)"/>`;
  return [
    stage(sheet, { seed: 44, lampX: 560, strength: 0.85, behind: blindingSun(sheet) }),
    shadow(sheet, { x, y: 838, rx: 240, ry: 36 }),
    stand(
      { x: x + 14, y: 826 },
      lathe(sheet, standing, [
        { from: 0, to: 20, r: 196, of: "satin" },
        { from: 20, to: 30, r: 188, of: "amber" },
        { from: 30, to: 78, r: 150, rTo: 92, of: "satin" },
        { from: 78, to: 100, r: 84, of: "amber" },
      ]),
    ),
    place(
      { x, y, turn },
      `<g transform="scale(1 -1)">${lathe(sheet, squash, [
        { from: -46, to: -26, r: r + 4, of: "amber" },
        { from: -26, to: 60, r, of: "satin" },
      ])}</g>`,
    ),
    // The cell's inner wall, then the film.
    `<g transform="translate(${x} ${y}) rotate(${turn}) translate(60 0)"><ellipse rx="${n((r - 20) * squash)}" ry="${r - 20}" fill="#0a0c2c"/><ellipse rx="${n((r - 20) * squash)}" ry="${r - 20}" fill="none" stroke="#ffd99a" stroke-opacity=".8" stroke-width="4"/></g>`,
    `<g clip-path="${sheet.clip(film)}"><rect x="${x - 320}" y="${y - 320}" width="640" height="640" fill="${sheet.linear(
      [
        [0, "#2c3060"],
        [0.5, "#0d0f33"],
        [1, "#191c4c"],
      ],
      { x2: 1 },
    )}"/>${filteredSun(sheet)}<path d="M${x - 60} ${y - 320}L${x + 70} ${y - 320}L${x - 150} ${y + 320}L${x - 280} ${y + 320}Z" fill="#cdd2ff" opacity=".1"/><path d="M${x + 110} ${y - 320}L${x + 140} ${y - 320}L${x - 80} ${y + 320}L${x - 110} ${y + 320}Z" fill="#cdd2ff" opacity=".1"/></g>`,
    screws(sheet),
  ].join("");
}

function blindingSun(sheet: Sheet): string {
  return [
    glow(sheet, { ...sun, r: 640, tint: "#ffb454", strength: 0.85 }),
    corona(sheet),
    `<circle cx="${sun.x}" cy="${sun.y}" r="${sun.r}" fill="${sheet.radial([
      [0, "#ffffff"],
      [0.6, "#fff3d0"],
      [0.88, "#ffd27a"],
      [1, "#ffb04a"],
    ])}"/>`,
    glow(sheet, { ...sun, r: 420, tint: "#fff3dc", strength: 0.7 }),
  ].join("");
}

function corona(sheet: Sheet): string {
  const rays = Array.from({ length: 36 }, (_, i) => {
    const angle = (i * Math.PI * 2) / 36;
    const reach = sun.r * (1.14 + 0.2 * Math.abs(Math.sin(i * 1.9)));
    const at = (turn: number, distance: number) =>
      `${n(sun.x + distance * Math.cos(turn))} ${n(sun.y + distance * Math.sin(turn))}`;
    return `M${at(angle - 0.07, sun.r * 0.98)}L${at(angle, reach)}L${at(angle + 0.07, sun.r * 0.98)}Z`;
  }).join("");
  return `<path d="${rays}" fill="${color.gold}" opacity=".5" filter="${sheet.blur(14)}"/>`;
}

/** The whole disc, calm and orange, as the eye sees it behind the film. */
function filteredSun(sheet: Sheet): string {
  const random = seeded(12);
  const centre = { x: cell.x - 76, y: cell.y - 10 };
  const r = 168;
  const clip = sheet.clip(`<circle cx="${centre.x}" cy="${centre.y}" r="${r}"/>`);
  const grains = Array.from({ length: 150 }, () => {
    const angle = random() * Math.PI * 2;
    const reach = Math.sqrt(random()) * r;
    return `<circle cx="${n(centre.x + reach * Math.cos(angle))}" cy="${n(centre.y + reach * Math.sin(angle))}" r="${n(4 + random() * 10)}" fill="${random() < 0.5 ? "#ffd27a" : "#d96a1c"}" opacity="${(0.08 + random() * 0.14).toFixed(2)}"/>`;
  }).join("");
  const spots = [
    [-52, -38, 13],
    [-26, -30, 8],
    [-12, -36, 5],
    [48, 34, 11],
    [68, 42, 6],
    [-20, 74, 6],
  ]
    .map(
      ([x = 0, y = 0, size = 0]) =>
        `<ellipse cx="${centre.x + x}" cy="${centre.y + y}" rx="${n(size * 1.7)}" ry="${n(size * 1.3)}" fill="#a84810" opacity=".75"/><ellipse cx="${centre.x + x}" cy="${centre.y + y}" rx="${size}" ry="${n(size * 0.75)}" fill="#2c0f12"/>`,
    )
    .join("");
  return [
    glow(sheet, { ...centre, r: 250, tint: "#ff8a3a", strength: 0.55 }),
    `<circle cx="${centre.x}" cy="${centre.y}" r="${r}" fill="${sheet.radial([
      [0, "#ffc861"],
      [0.6, "#fb9a34"],
      [0.9, "#d9641c"],
      [1, "#a83f14"],
    ])}"/>`,
    `<g clip-path="${clip}">${grains}${spots}</g>`,
  ].join("");
}

function screws(sheet: Sheet): string {
  return [-62, 34]
    .map((degrees) => {
      const angle = (degrees * Math.PI) / 180;
      const x = cell.x + Math.cos(angle) * (cell.r + 6) * cell.squash;
      const y = cell.y + Math.sin(angle) * (cell.r + 6);
      return rod(
        sheet,
        { x1: x, y1: y, x2: x + Math.cos(angle) * 46, y2: y + Math.sin(angle) * 46 },
        { r: 19, of: "amber", grooves: 3 },
      );
    })
    .join("");
}
