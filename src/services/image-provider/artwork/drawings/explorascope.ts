import { lens } from "./glass.ts";
import { pine, ridge } from "./landscape.ts";
import { lathe, rod } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glow, rings, sky } from "./sky.ts";

/** A 60 mm refractor on its tripod, on a rock above a lake in a national park at dusk. */
export function explorascope(sheet: Sheet): string {
  return [park(sheet), refractorOnTripod(sheet)].join("");
}

function park(sheet: Sheet): string {
  const haze = (top: string, bottom: string) =>
    sheet.linear([
      [0, top],
      [1, bottom],
    ]);
  const random = seeded(5);
  const trees = (side: "left" | "right") =>
    Array.from({ length: 9 }, (_, i) => {
      const x = side === "left" ? -20 + i * 34 : 1300 - i * 38;
      const tall = (side === "left" ? 300 : 380) * (1 - i * 0.085) * (0.75 + random() * 0.4);
      return pine({ x, y: 838 + random() * 14, tall, seed: i * 31 + 3 });
    }).join("");
  const ripples = Array.from({ length: 26 }, (_, i) => {
    const y = 716 + i * 5;
    const half = 60 + random() * 240;
    const x = 470 + (random() - 0.5) * 320;
    return `M${n(x - half)} ${n(y)}H${n(x + half)}`;
  }).join("");
  return [
    sky(sheet, { hour: "dusk", seed: 41, starsTo: 470 }),
    rings({ x: 640, y: 430, r: 400, count: 4, opacity: 0.2 }),
    glow(sheet, { x: 470, y: 690, r: 560, tint: "#ffd99a", strength: 0.7 }),
    `<path d="${ridge({ seed: 12, y: 600, rise: 190, base: 720, w: 1280 })}" fill="${haze("#9c6a9c", "#e39a86")}"/>`,
    // The granite dome that the park is known for: one sheer side, one round.
    `<path d="M700 724C716 690 742 668 748 620C752 560 756 500 768 462C778 430 806 414 838 416C886 420 926 462 948 520C968 580 990 640 1052 672L1110 724Z" fill="${haze("#8a5f9c", "#d08a8c")}"/>`,
    `<path d="M796 424C808 416 822 414 838 416C886 420 926 462 948 520C968 580 990 640 1052 672L1110 724H860C880 690 850 640 842 590C836 540 812 470 796 424Z" fill="${haze("#4d3d86", "#9a6690")}"/>`,
    `<path d="M770 480C764 540 762 600 752 650M786 452C790 520 800 590 798 660M838 470C852 520 866 560 872 610M900 470C914 520 926 560 934 590" stroke="#3f3679" stroke-opacity=".35" stroke-width="3" fill="none"/>`,
    `<path d="${ridge({ seed: 77, y: 664, rise: 110, base: 722, w: 1280 })}" fill="${haze("#4a3d86", "#8a5d92")}"/>`,
    `<rect y="708" width="1280" height="150" fill="${sheet.linear([
      [0, "#ffcf92"],
      [0.3, "#d98a83"],
      [1, "#3a327c"],
    ])}"/>`,
    `<path d="${ripples}" stroke="${color.cream}" stroke-opacity=".35" stroke-width="1.8" fill="none"/>`,
    `<path d="${trees("left")}${trees("right")}" fill="${haze("#252460", "#14153f")}"/>`,
    `<path d="M0 960V840C120 806 220 826 330 818C430 806 520 838 640 834C780 826 860 806 980 816C1080 822 1190 800 1280 822V960Z" fill="${haze("#3b3473", "#0b0d2c")}"/>`,
    `<path d="M0 840C120 806 220 826 330 818C430 806 520 838 640 834C780 826 860 806 980 816C1080 822 1190 800 1280 822" fill="none" stroke="#ffb98a" stroke-opacity=".55" stroke-width="3"/>`,
    `<path d="M60 900l150 -22l120 16l-80 30ZM720 884l180 -20l190 26l-140 22ZM420 930l170 -12l120 20Z" fill="#5a4a86" opacity=".4"/>`,
  ].join("");
}

/** The refractor on its tripod alone, its feet near (640, 910); the banner shows it too. */
export function refractorOnTripod(sheet: Sheet): string {
  const foot = [
    { x: 372, y: 918 },
    { x: 676, y: 858 },
    { x: 892, y: 908 },
  ] as const;
  const hub = { x: 622, y: 560 };
  const leg = ({ x, y }: { x: number; y: number }, start: number) => {
    const at = (share: number) => ({ x: start + (x - start) * share, y: hub.y + (y - hub.y) * share });
    const middle = at(0.58);
    const top = at(0);
    const clamp = at(0.62);
    return [
      rod(sheet, { x1: middle.x, y1: middle.y, x2: x, y2: y }, { r: 11, rTo: 9, of: "steel", squash: 0.3 }),
      rod(sheet, { x1: top.x, y1: top.y, x2: middle.x, y2: middle.y }, { r: 19, rTo: 16, of: "wood" }),
      rod(sheet, { x1: middle.x, y1: middle.y, x2: clamp.x, y2: clamp.y }, { r: 21, of: "amber" }),
      `<ellipse cx="${x}" cy="${y}" rx="16" ry="9" fill="#0b0c26"/>`,
    ].join("");
  };
  const spreader = [
    ...foot.map(({ x, y }) =>
      rod(sheet, { x1: 634, y1: 748, x2: 622 + (x - 622) * 0.52, y2: 560 + (y - 560) * 0.52 }, { r: 6, of: "satin" }),
    ),
    `<ellipse cx="634" cy="754" rx="86" ry="22" fill="#14163f"/><ellipse cx="634" cy="746" rx="86" ry="22" fill="${sheet.linear(
      [
        [0, "#7a82da"],
        [1, "#2b3079"],
      ],
    )}" stroke="#aab1f5" stroke-width="1.5"/>`,
  ].join("");
  const tube = lathe(sheet, 0.3, [
    { from: -470, to: -440, r: 33, of: "rubber" },
    { from: -440, to: -350, r: 27, of: "steel" },
    { from: -350, to: -300, r: 40, of: "satin", flutes: 9 },
    { from: -300, to: -262, r: 40, rTo: 60, of: "satin" },
    { from: -262, to: -244, r: 63, of: "amber" },
    { from: -244, to: 236, r: 60, of: "enamel" },
    { from: 236, to: 254, r: 64, of: "amber" },
    { from: 254, to: 400, r: 78, of: "satin" },
    { from: 400, to: 414, r: 82, of: "amber" },
  ]);
  // Diagonal and eyepiece stand on the far end; the finder on the tube's back.
  const eyepiece = [
    `<path d="M-472 -36h-50l-34 44v30h84Z" fill="${sheet.linear([
      [0, "#5c628e"],
      [1, "#14162f"],
    ])}"/>`,
    rod(sheet, { x1: -514, y1: -28, x2: -514, y2: -70 }, { r: 26, of: "steel" }),
    rod(sheet, { x1: -514, y1: -70, x2: -514, y2: -126 }, { r: 34, of: "rubber", grooves: 3 }),
    rod(sheet, { x1: -514, y1: -126, x2: -514, y2: -146 }, { r: 28, rTo: 25, of: "rubber" }),
  ].join("");
  const finder = [
    `<path d="M-196 -60l10 -46h18l6 46ZM-96 -60l4 -46h18l12 46Z" fill="#14163f"/>`,
    place(
      { x: -130, y: -120 },
      lathe(sheet, 0.3, [
        { from: -110, to: -86, r: 19, of: "rubber" },
        { from: -86, to: 40, r: 15, of: "satin" },
        { from: 40, to: 84, r: 25, of: "satin" },
        { from: 84, to: 90, r: 26, of: "amber" },
      ]) + lens(sheet, { x: 90, r: 20, squash: 0.3 }),
    ),
  ].join("");
  return [
    `<ellipse cx="640" cy="912" rx="330" ry="22" fill="#04051a" opacity=".55" filter="${sheet.blur(14)}"/>`,
    leg(foot[1], 634),
    spreader,
    leg(foot[0], 594),
    leg(foot[2], 654),
    rod(sheet, { x1: 622, y1: 612, x2: 622, y2: 540 }, { r: 50, rTo: 42, of: "satin" }),
    rod(sheet, { x1: 622, y1: 540, x2: 622, y2: 524 }, { r: 46, of: "amber" }),
    rod(sheet, { x1: 622, y1: 530, x2: 622, y2: 450 }, { r: 28, of: "satin" }),
    place(
      { x: 628, y: 412, turn: -31 },
      [eyepiece, tube, lens(sheet, { x: 414, r: 70, squash: 0.3 }), finder].join(""),
    ),
    // The yoke in front of the tube holds it at its middle.
    `<path d="M592 540C570 500 574 450 592 400C600 384 642 384 650 402C664 450 668 500 650 540Z" fill="${sheet.linear(
      [
        [0, "#7b83dc"],
        [0.4, "#3a3f98"],
        [1, "#171a4a"],
      ],
      { x2: 1, y2: 0.2 },
    )}" stroke="#aab1f5" stroke-opacity=".5" stroke-width="1.6"/>`,
    `<circle cx="621" cy="424" r="30" fill="${sheet.radial(
      [
        [0, "#fff0cc"],
        [0.4, "#f2a040"],
        [1, "#7a3d18"],
      ],
      { fx: 0.35, fy: 0.3 },
    )}"/><circle cx="621" cy="424" r="14" fill="#8a4a1c" opacity=".55"/>`,
    rod(sheet, { x1: 600, y1: 500, x2: 470, y2: 600 }, { r: 6, of: "steel" }),
    rod(sheet, { x1: 480, y1: 592, x2: 440, y2: 623 }, { r: 14, rTo: 12, of: "rubber" }),
  ].join("");
}
