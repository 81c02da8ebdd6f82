import { lens } from "./glass.ts";
import { pine, ridge } from "./landscape.ts";
import { lathe, rod } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glow, rings, sky } from "./sky.ts";

/** A refractor that a telephone in its dock guides to the stars. */
export function starsenseExplorer(sheet: Sheet): string {
  const tube = lathe(sheet, 0.34, [
    { from: -560, to: -500, r: 40, of: "rubber" },
    { from: -500, to: -430, r: 34, of: "steel" },
    { from: -430, to: -360, r: 56, of: "rubber", flutes: 11 },
    { from: -360, to: -316, r: 58, rTo: 92, of: "satin" },
    { from: -316, to: -292, r: 97, of: "amber" },
    { from: -292, to: 250, r: 92, of: "satin" },
    { from: 250, to: 276, r: 98, of: "amber" },
    { from: 276, to: 430, r: 118, of: "enamel" },
    { from: 430, to: 450, r: 123, of: "amber" },
  ]);
  const eyepiece = [
    rod(sheet, { x1: -548, y1: -20, x2: -560, y2: -84 }, { r: 30, of: "steel" }),
    rod(sheet, { x1: -560, y1: -84, x2: -572, y2: -156 }, { r: 42, of: "rubber", grooves: 3 }),
    rod(sheet, { x1: -572, y1: -156, x2: -575, y2: -174 }, { r: 34, rTo: 31, of: "rubber" }),
  ].join("");
  const diagonal = `<path d="M-508 -40h-72l-28 50v34h100Z" fill="${sheet.linear([
    [0, "#686c97"],
    [1, "#12142f"],
  ])}"/>`;
  return [
    sky(sheet, { hour: "night", seed: 68, starsTo: 820 }),
    glow(sheet, { x: 420, y: 800, r: 820, tint: "#ff9f6a", strength: 0.85 }),
    glow(sheet, { x: 760, y: 420, r: 560, tint: "#6d63d8", strength: 0.5 }),
    rings({ x: 640, y: 430, r: 400, count: 4, opacity: 0.24 }),
    `<path d="${ridge({ seed: 31, y: 790, rise: 130, base: 960, w: 1280 })}" fill="${sheet.linear([
      [0, "#6b5499"],
      [1, "#2b2762"],
    ])}"/>`,
    `<path d="${ridge({ seed: 8, y: 880, rise: 90, base: 960, w: 1280 })}${[60, 118, 164, 1120, 1190, 1246]
      .map((x, i) => pine({ x, y: 934, tall: 170 + ((i * 53) % 90), seed: i }))
      .join("")}" fill="#0e1036"/>`,
    // Mount: the tripod's head, the upright arm behind the tube.
    rod(sheet, { x1: 640, y1: 870, x2: 400, y2: 1010 }, { r: 30, of: "steel" }),
    rod(sheet, { x1: 700, y1: 870, x2: 950, y2: 1010 }, { r: 30, of: "steel" }),
    rod(sheet, { x1: 670, y1: 980, x2: 670, y2: 830 }, { r: 74, rTo: 64, of: "rubber" }),
    rod(sheet, { x1: 670, y1: 836, x2: 670, y2: 812 }, { r: 70, of: "amber" }),
    rod(sheet, { x1: 670, y1: 816, x2: 670, y2: 640 }, { r: 44, of: "rubber" }),
    place(
      { x: 660, y: 578, turn: -25 },
      [eyepiece, diagonal, tube, lens(sheet, { x: 450, r: 107, squash: 0.34, coating: "emerald" })].join(""),
    ),
    `<path d="M612 830C584 770 588 690 608 612C616 582 700 582 710 612C730 690 736 770 716 830Z" fill="${sheet.linear(
      [
        [0, "#686c97"],
        [0.35, "#2f325c"],
        [1, "#0e1030"],
      ],
      { x2: 1, y2: 0.15 },
    )}" stroke="#9a9ec8" stroke-opacity=".5" stroke-width="1.6"/>`,
    `<circle cx="660" cy="650" r="46" fill="${sheet.radial(
      [
        [0, "#fff0cc"],
        [0.4, "#f2a040"],
        [1, "#7a3d18"],
      ],
      { fx: 0.35, fy: 0.3 },
    )}"/><circle cx="660" cy="650" r="22" fill="#7a3d18" opacity=".5"/>`,
    dock(sheet),
    place({ x: 436, y: 318, turn: -9 }, phone(sheet)),
  ].join("");
}

function dock(sheet: Sheet): string {
  return [
    `<path d="M396 560L432 470H524L560 520L586 592L470 648Z" fill="${sheet.linear(
      [
        [0, "#5c6090"],
        [0.5, "#262950"],
        [1, "#0e1030"],
      ],
      { x2: 1, y2: 0.6 },
    )}" stroke="#9a9ec8" stroke-opacity=".5" stroke-width="1.6"/>`,
    place(
      { x: 520, y: 560, turn: -25 },
      `<rect x="-56" y="-16" width="112" height="32" rx="10" fill="#12142f"/><rect x="-56" y="-16" width="112" height="9" rx="4" fill="#ffb454"/>`,
    ),
  ].join("");
}

function phone(sheet: Sheet): string {
  const random = seeded(91);
  const screen = sheet.linear(
    [
      [0, "#1c2a78"],
      [0.6, "#3b3a9c"],
      [1, "#7a4a9c"],
    ],
    { x2: 0.3 },
  );
  const field = Array.from(
    { length: 46 },
    () =>
      `<circle cx="${n((random() - 0.5) * 208)}" cy="${n((random() - 0.5) * 380)}" r="${n(0.9 + random() * 1.9)}" fill="#fff" opacity="${(0.4 + random() * 0.6).toFixed(2)}"/>`,
  ).join("");
  // A made-up constellation, and the way from here to the target.
  const bow = [
    [-78, -120],
    [-30, -150],
    [22, -128],
    [60, -76],
    [34, -22],
  ] as const;
  const line = bow.map(([x, y]) => `${x} ${y}`).join("L");
  return [
    `<rect x="-136" y="-232" width="272" height="470" rx="42" fill="#04051a" opacity=".5" transform="translate(16 18)" filter="${sheet.blur(14)}"/>`,
    `<rect x="-132" y="-228" width="264" height="456" rx="40" fill="${sheet.linear(
      [
        [0, "#8e94c8"],
        [0.5, "#2a2d55"],
        [1, "#14163a"],
      ],
      { x2: 1 },
    )}"/>`,
    `<rect x="-124" y="-220" width="248" height="440" rx="34" fill="#060820"/>`,
    `<g clip-path="${sheet.clip('<rect x="-114" y="-210" width="228" height="420" rx="26"/>')}"><rect x="-114" y="-210" width="228" height="420" fill="${screen}"/>`,
    field,
    `<path d="M${line}" fill="none" stroke="${color.mist}" stroke-opacity=".8" stroke-width="3"/>`,
    bow.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="6" fill="#fff"/>`).join(""),
    `<g fill="none" stroke="${color.amber}" stroke-width="5"><circle cx="0" cy="66" r="62"/><circle cx="0" cy="66" r="26"/><path d="M0 -14v34M0 112v34M-80 66h34M46 66h34"/></g><circle cx="0" cy="66" r="8" fill="${color.cream}"/>`,
    `<path d="M34 -22Q40 10 18 40" fill="none" stroke="${color.amber}" stroke-width="4" stroke-dasharray="2 10" stroke-linecap="round"/>`,
    `<rect x="-84" y="164" width="168" height="22" rx="11" fill="${color.amber}"/><rect x="-48" y="172" width="96" height="6" rx="3" fill="#7a3d18"/>`,
    `<path d="M-114 -210H40L-60 210H-114Z" fill="#fff" opacity=".07"/></g>`,
    `<rect x="-26" y="-206" width="52" height="12" rx="6" fill="#060820"/>`,
    // The dock's two claws.
    `<path d="M-146 40h40v60h-40a12 12 0 0 1-12-12v-36a12 12 0 0 1 12-12ZM146 40h-40v60h40a12 12 0 0 0 12-12v-36a12 12 0 0 0-12-12ZM-70 214h140v22a14 14 0 0 1-14 14h-112a14 14 0 0 1-14-14Z" fill="${sheet.linear(
      [
        [0, "#686c97"],
        [0.4, "#23264a"],
        [1, "#0c0d28"],
      ],
    )}" stroke="#9a9ec8" stroke-opacity=".45" stroke-width="1.5"/>`,
  ].join("");
}
