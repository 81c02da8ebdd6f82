import { lens } from "./glass.ts";
import { lathe, rod, type Turned } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, type Sheet } from "./sheet.ts";
import { lay, pose, shadow, stage } from "./stage.ts";

/** A planetary camera, its cable, and the planet it has just taken on the screen behind it. */
export function solarSystemColorImager(sheet: Sheet): string {
  const seen = pose(42);
  const at = { x: 322, y: 640 };
  const part = (from: number, to: number, rest: Omit<Turned, "from" | "to">): Turned => ({
    from: from * seen.along,
    to: to * seen.along,
    ...rest,
  });
  const cable = "M640 560C740 560 740 650 800 716C870 790 1060 830 1166 790C1226 764 1236 726 1196 711";
  return [
    stage(sheet, { seed: 58, lampX: 520 }),
    shadow(sheet, { x: 820, y: 706, rx: 330, ry: 40 }),
    screen(sheet),
    shadow(sheet, { x: 460, y: 762, rx: 290, ry: 46 }),
    `<path d="${cable}" transform="translate(8 20)" fill="none" stroke="#04051a" stroke-opacity=".5" stroke-width="26" filter="${sheet.blur(8)}"/>`,
    `<path d="${cable}" fill="none" stroke="#0c0d26" stroke-width="24" stroke-linecap="round"/><path d="${cable}" fill="none" stroke="#3c4070" stroke-width="15" stroke-linecap="round"/><path d="${cable}" transform="translate(-2 -4)" fill="none" stroke="#8e92bd" stroke-width="4" stroke-linecap="round"/>`,
    rod(sheet, { x1: 1222, y1: 728, x2: 1180, y2: 706 }, { r: 15, of: "rubber", grooves: 2 }),
    lay(
      seen,
      at,
      [
        lathe(sheet, seen.squash, [
          part(-470, -430, { r: 30, of: "steel" }),
          part(-430, -400, { r: 138, rTo: 154, of: "rubber" }),
          part(-400, -330, { r: 156, of: "rubber", grooves: 4 }),
          part(-330, -312, { r: 160, of: "amber" }),
          part(-312, -110, { r: 156, of: "red" }),
          part(-110, -60, { r: 156, rTo: 132, of: "red" }),
          part(-60, -40, { r: 122, of: "rubber" }),
          part(-40, 0, { r: 112, rTo: 92, of: "steel" }),
          part(0, 170, { r: 88, of: "steel", grooves: 2 }),
          part(170, 190, { r: 92, of: "rubber" }),
        ]),
        lens(sheet, { x: 190 * seen.along, r: 74, squash: seen.squash, coating: "violet" }),
        `<g transform="translate(${n(190 * seen.along)} 0) scale(${seen.squash.toFixed(3)} 1)"><rect x="-26" y="-20" width="52" height="40" rx="4" fill="#232a7a" stroke="#ffd99a" stroke-width="3" opacity=".85"/><path d="M-20 -14h40v10h-40Z" fill="#9aa4ff" opacity=".55"/></g>`,
      ].join(""),
    ),
  ].join("");
}

function screen(sheet: Sheet): string {
  const random = seeded(77);
  const dots = Array.from(
    { length: 60 },
    () =>
      `<circle cx="${n(random() * 560)}" cy="${n(random() * 360)}" r="${n(0.8 + random() * 1.6)}" fill="#fff" opacity="${(0.3 + random() * 0.6).toFixed(2)}"/>`,
  ).join("");
  const histogram = Array.from({ length: 22 }, (_, i) => {
    const tall = 8 + 56 * Math.exp(-((i - 9) ** 2) / 22) + 8 * Math.abs(Math.sin(i * 1.7));
    return `<rect x="${n(404 + i * 6)}" y="${n(332 - tall)}" width="4.4" height="${n(tall)}" fill="${["#ff8d8d", "#ffd99a", "#9aa4ff"][i % 3]}" opacity=".85"/>`;
  }).join("");
  const bands = sheet.linear([
    [0, "#c98a52"],
    [0.14, "#f0c58a"],
    [0.3, "#fff0cf"],
    [0.42, "#e4b072"],
    [0.52, "#fbe0ac"],
    [0.66, "#cc8f5c"],
    [0.82, "#e6b47c"],
    [1, "#8a5638"],
  ]);
  const ring = (front: boolean) =>
    [
      { rx: 214, w: 30, tint: "#e9c492", see: 0.95 },
      { rx: 178, w: 26, tint: "#fff0d0", see: 0.95 },
      { rx: 150, w: 12, tint: "#a97f66", see: 0.8 },
    ]
      .map(
        ({ rx, w, tint, see }) =>
          `<path d="M${-rx} 0A${rx} ${n(rx * 0.27)} 0 0 ${front ? 0 : 1} ${rx} 0" fill="none" stroke="${tint}" stroke-width="${n(w * 0.55)}" opacity="${see}"/>`,
      )
      .join("");
  const planet = `<g transform="translate(300 172) rotate(-16)">${ring(false)}<circle r="104" fill="${bands}"/><circle r="104" fill="${sheet.radial(
    [
      [0, "#2a1030", 0],
      [0.7, "#2a1030", 0.1],
      [1, "#12082c", 0.85],
    ],
    { cx: 0.36, cy: 0.36, r: 0.72 },
  )}"/><path d="M-104 6A104 30 0 0 0 104 6L104 22A104 34 0 0 1 -104 22Z" fill="#3a1a2c" opacity=".4"/>${ring(true)}</g>`;
  return [
    // Base with its keys.
    `<path d="M548 640L1150 664L1216 716L520 700Z" fill="${sheet.linear([
      [0, "#8e94c8"],
      [1, "#3a3f7a"],
    ])}"/><path d="M520 700L1216 716V730L520 714Z" fill="#1b1d4c"/>`,
    `<path d="M596 652L1120 672L1150 694L582 680Z" fill="#1a1c4a"/>`,
    `<g transform="matrix(1 .04 -.03 1 576 226)">`,
    `<rect x="-26" y="-26" width="612" height="438" rx="24" fill="${sheet.linear(
      [
        [0, "#a5aade"],
        [0.5, "#3a3f7a"],
        [1, "#1b1d4c"],
      ],
      { x2: 1 },
    )}"/><rect x="-18" y="-18" width="596" height="416" rx="18" fill="#05061c"/>`,
    `<g clip-path="${sheet.clip('<rect width="560" height="360" rx="6"/>')}"><rect width="560" height="360" fill="${sheet.radial(
      [
        [0, "#2b2f86"],
        [0.6, "#12154a"],
        [1, "#080a2c"],
      ],
      { cx: 0.48, cy: 0.48, r: 0.7 },
    )}"/>${dots}${planet}<rect x="392" y="252" width="152" height="92" rx="8" fill="#05061c" opacity=".7"/>${histogram}<g fill="none" stroke="${color.amber}" stroke-width="3.5"><path d="M24 60V24H60M536 60V24H500M24 300V336H60"/></g><path d="M0 0H330L190 360H0Z" fill="#fff" opacity=".05"/></g>`,
    "</g>",
  ].join("");
}
