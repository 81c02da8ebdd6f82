import { lens } from "./glass.ts";
import { lathe, rod } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glint } from "./sky.ts";
import { lay, pose, shadow, stage, stand, standing } from "./stage.ts";

/** Spray bottle, brush, lens pen and cloth, with the eyepiece they have just cleaned. */
export function lensCleaningKit(sheet: Sheet): string {
  return [
    stage(sheet, { seed: 35 }),
    `<g transform="translate(-56 -92) scale(1.12)">`,
    shadow(sheet, { x: 470, y: 720, rx: 170, ry: 40 }),
    bottle(sheet, { x: 430, y: 706 }),
    shadow(sheet, { x: 780, y: 700, rx: 120, ry: 30 }),
    eyepiece(sheet, { x: 752, y: 690 }),
    cloth(sheet, { x: 880, y: 762 }),
    brush(sheet),
    `<g transform="translate(20 -12)">${pen(sheet)}</g>`,
    "</g>",
  ].join("");
}

function bottle(sheet: Sheet, foot: { x: number; y: number }): string {
  const r = 112;
  const lip = r * standing;
  const label = (from: number, to: number) =>
    `M${-r} ${-from}A${r} ${n(lip)} 0 0 0 ${r} ${-from}V${-to}A${r} ${n(lip)} 0 0 1 ${-r} ${-to}Z`;
  return [
    stand(
      foot,
      lathe(sheet, standing, [
        { from: 0, to: 14, r: 106, rTo: 112, of: "satin" },
        { from: 14, to: 316, r, of: "satin" },
        { from: 316, to: 350, r, rTo: 92, of: "satin" },
        { from: 350, to: 376, r: 92, rTo: 50, of: "satin" },
        { from: 376, to: 426, r: 54, of: "amber", flutes: 12 },
        { from: 426, to: 452, r: 26, of: "enamel" },
      ]),
    ),
    place(
      foot,
      [
        // Trigger head: nozzle to the left, lever below.
        `<path d="M-132 -524C-132 -534 -126 -540 -116 -540H36C74 -540 84 -500 62 -468C54 -456 40 -448 26 -448H-26C-36 -448 -40 -456 -44 -466L-50 -484H-116C-126 -484 -132 -490 -132 -500Z" fill="${sheet.linear(
          [
            [0, "#ffffff"],
            [0.45, "#c9cce6"],
            [1, "#6a6da2"],
          ],
        )}"/>`,
        `<path d="M-52 -484H-96C-88 -452 -98 -420 -120 -396C-108 -388 -98 -392 -90 -400C-68 -424 -58 -452 -44 -466Z" fill="${sheet.linear(
          [
            [0, "#f6a945"],
            [1, "#9a4f1d"],
          ],
        )}"/>`,
        `<rect x="-150" y="-532" width="24" height="40" rx="5" fill="${sheet.linear([
          [0, "#ffd083"],
          [1, "#a8601f"],
        ])}"/>`,
        `<path d="${label(80, 272)}" fill="${sheet.linear(
          [
            [0, "#cfc3c4"],
            [0.25, "#fff8ea"],
            [0.6, "#efe0cf"],
            [1, "#8d7c96"],
          ],
          { x2: 1, y2: 0 },
        )}"/>`,
        `<g transform="translate(-8 -152)" fill="none" stroke="#3b3a8c" stroke-width="4"><ellipse rx="62" ry="24" transform="rotate(-18)"/><ellipse rx="36" ry="14" transform="rotate(-18)"/><circle r="13" fill="#f2a040" stroke="none"/><circle cx="54" cy="-28" r="8" fill="#3b3a8c" stroke="none"/><circle cx="-32" cy="16" r="6" fill="#d97a86" stroke="none"/></g>`,
        `<path d="M-62 -64C-30 -54 20 -54 52 -62" fill="none" stroke="#3b3a8c" stroke-width="7" stroke-linecap="round" opacity=".75"/><path d="M-44 -46C-20 -40 10 -40 34 -45" fill="none" stroke="#3b3a8c" stroke-width="4" stroke-linecap="round" opacity=".5"/>`,
        `<path d="M-84 -322V-14" stroke="#fff" stroke-opacity=".4" stroke-width="9" stroke-linecap="round" filter="${sheet.blur(3)}"/>`,
      ].join(""),
    ),
  ].join("");
}

function eyepiece(sheet: Sheet, foot: { x: number; y: number }): string {
  return [
    stand(
      foot,
      [
        lathe(sheet, standing, [
          { from: 0, to: 70, r: 52, of: "steel", grooves: 1 },
          { from: 70, to: 92, r: 74, of: "amber" },
          { from: 92, to: 190, r: 84, of: "rubber", flutes: 16 },
          { from: 190, to: 212, r: 84, of: "satin" },
          { from: 212, to: 236, r: 80, rTo: 70, of: "rubber" },
        ]),
        lens(sheet, { x: 236, r: 56, squash: standing, coating: "emerald" }),
      ].join(""),
    ),
    glint(foot.x - 26, foot.y - 244, 34),
  ].join("");
}

function cloth(sheet: Sheet, middle: { x: number; y: number }): string {
  const layer = (lift: number, size: number, fill: string) => {
    const corner = (degrees: number) => {
      const angle = (degrees * Math.PI) / 180;
      return { x: size * Math.cos(angle), y: size * Math.sin(angle) * standing - lift };
    };
    const [right, front, left, back] = [corner(8), corner(98), corner(188), corner(278)] as const;
    const thick = 20;
    const top = `M${n(left.x)} ${n(left.y)}Q${n((left.x + back.x) / 2)} ${n((left.y + back.y) / 2 - 8)} ${n(back.x)} ${n(back.y)}Q${n((right.x + back.x) / 2)} ${n((right.y + back.y) / 2 - 4)} ${n(right.x)} ${n(right.y)}Q${n((right.x + front.x) / 2)} ${n((right.y + front.y) / 2 + 6)} ${n(front.x)} ${n(front.y)}Q${n((left.x + front.x) / 2)} ${n((left.y + front.y) / 2 + 8)} ${n(left.x)} ${n(left.y)}Z`;
    const side = `M${n(left.x)} ${n(left.y)}Q${n(left.x - 10)} ${n(left.y + thick * 0.6)} ${n(left.x + 4)} ${n(left.y + thick)}Q${n((left.x + front.x) / 2)} ${n((left.y + front.y) / 2 + 8 + thick)} ${n(front.x)} ${n(front.y + thick)}Q${n((right.x + front.x) / 2)} ${n((right.y + front.y) / 2 + 6 + thick)} ${n(right.x - 4)} ${n(right.y + thick)}Q${n(right.x + 10)} ${n(right.y + thick * 0.6)} ${n(right.x)} ${n(right.y)}L${n(front.x)} ${n(front.y)}Z`;
    return `<path d="${side}" fill="${sheet.linear(
      [
        [0, "#c06a72"],
        [0.5, "#a2505f"],
        [1, "#5e2c52"],
      ],
      { x2: 1, y2: 0 },
    )}"/><path d="${top}" fill="${fill}"/>`;
  };
  const face = sheet.linear(
    [
      [0, "#ffb9a4"],
      [0.5, "#ee8c8b"],
      [1, "#b05a78"],
    ],
    { x2: 1, y2: 0.6 },
  );
  return place(
    middle,
    [
      `<ellipse cx="10" cy="24" rx="230" ry="62" fill="#04051a" opacity=".7" filter="${sheet.blur(14)}"/>`,
      layer(0, 218, face),
      layer(22, 212, face),
      layer(44, 206, face),
      // Hem and the woven mark of the shop.
      `<g transform="translate(0 -44) scale(1 ${standing}) rotate(8)"><rect x="-132" y="-132" width="264" height="264" transform="rotate(45)" fill="none" stroke="#fff3dc" stroke-opacity=".75" stroke-width="4" stroke-dasharray="12 9"/><g fill="none" stroke="#fff3dc" stroke-opacity=".8" stroke-width="5"><circle r="62"/><circle r="36"/></g><circle r="14" fill="#fff3dc"/><circle cx="62" r="10" fill="#fff3dc"/><circle cx="-22" cy="-28" r="7" fill="#fff3dc"/></g>`,
    ].join(""),
  );
}

function brush(sheet: Sheet): string {
  const seen = pose(24);
  const at = { x: 398, y: 796 };
  const random = seeded(3);
  const hairs = Array.from({ length: 46 }, () => {
    const y = (random() - 0.5) * 2;
    return `M0 ${n(y * 34)}Q70 ${n(y * 58)} ${n(138 + random() * 14)} ${n(y * 44)}`;
  }).join("");
  return [
    shadow(sheet, { x: 560, y: 812, rx: 290, ry: 18 }),
    lay(
      seen,
      at,
      [
        lathe(sheet, seen.squash, [
          { from: -440, to: -420, r: 12, rTo: 20, of: "wood" },
          { from: -420, to: -300, r: 20, rTo: 27, of: "wood" },
          { from: -300, to: -90, r: 27, rTo: 24, of: "wood" },
          { from: -90, to: 0, r: 30, rTo: 34, of: "amber", grooves: 3 },
        ]),
        `<path d="M0 -34Q74 -66 150 -40Q166 0 150 40Q74 66 0 34Q-14 0 0 -34Z" fill="${sheet.linear([
          [0, "#f4dcc0"],
          [0.3, "#fff6e6"],
          [0.7, "#b88f83"],
          [1, "#7b5a74"],
        ])}"/><path d="${hairs}" fill="none" stroke="#6d4a55" stroke-opacity=".4" stroke-width="1.8"/>`,
      ].join(""),
    ),
  ].join("");
}

function pen(sheet: Sheet): string {
  return [
    shadow(sheet, { x: 770, y: 884, rx: 190, ry: 13 }),
    rod(sheet, { x1: 940, y1: 846, x2: 920, y2: 849 }, { r: 17, of: "rubber" }),
    rod(sheet, { x1: 920, y1: 849, x2: 760, y2: 871 }, { r: 23, of: "satin" }),
    rod(sheet, { x1: 760, y1: 871, x2: 744, y2: 873 }, { r: 25, of: "amber" }),
    rod(sheet, { x1: 744, y1: 873, x2: 640, y2: 887 }, { r: 23, of: "rubber", grooves: 5 }),
    rod(sheet, { x1: 640, y1: 887, x2: 612, y2: 891 }, { r: 16, rTo: 20, of: "steel" }),
    `<path d="M876 833l-120 17v-8l122 -17a8 8 0 0 1 -2 8Z" fill="${color.gold}"/>`,
  ].join("");
}
