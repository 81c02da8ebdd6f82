import { lens } from "./glass.ts";
import { ridge } from "./landscape.ts";
import { lathe, rod } from "./lathe.ts";
import { color } from "./palette.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glow, rings, sky } from "./sky.ts";

/** A compact white solar telescope with its backpack, under an eclipsed sun. */
export function eclipsmartTravelRefractor(sheet: Sheet): string {
  const fade = (top: string, bottom: string) =>
    sheet.linear([
      [0, top],
      [1, bottom],
    ]);
  return [
    sky(sheet, { hour: "evening", seed: 17, starsTo: 560 }),
    glow(sheet, { x: 640, y: 820, r: 900, tint: "#ff9f6a", strength: 0.75 }),
    rings({ x: 1010, y: 206, r: 300, count: 3, opacity: 0.22 }),
    eclipse(sheet, 1010, 206, 84),
    `<path d="${ridge({ seed: 52, y: 706, rise: 130, base: 860, w: 1280 })}" fill="${fade("#8a5d92", "#c98386")}"/>`,
    `<path d="${ridge({ seed: 14, y: 770, rise: 80, base: 900, w: 1280 })}" fill="${fade("#54437f", "#7d5586")}"/>`,
    `<path d="M0 960V826C180 796 360 812 560 806C800 798 1060 790 1280 816V960Z" fill="${fade("#4c3d78", "#0e1036")}"/>`,
    `<path d="M0 826C180 796 360 812 560 806C800 798 1060 790 1280 816" fill="none" stroke="#ffc79a" stroke-opacity=".6" stroke-width="3"/>`,
    `<g transform="translate(34 30) scale(.965)">${telescope(sheet)}</g>`,
    `<ellipse cx="998" cy="894" rx="240" ry="24" fill="#04051a" opacity=".7" filter="${sheet.blur(12)}"/>`,
    place({ x: 994, y: 640 }, backpack(sheet)),
  ].join("");
}

function eclipse(sheet: Sheet, x: number, y: number, r: number): string {
  const rays = Array.from({ length: 28 }, (_, i) => {
    const angle = (i * Math.PI * 2) / 28;
    const reach = r * (1.5 + 0.9 * Math.abs(Math.sin(i * 2.3)));
    const half = 0.09;
    const at = (a: number, d: number) => `${n(x + d * Math.cos(a))} ${n(y + d * Math.sin(a))}`;
    return `M${at(angle - half, r)}L${at(angle, reach)}L${at(angle + half, r)}Z`;
  }).join("");
  return [
    glow(sheet, { x, y, r: r * 4, tint: "#ffcf92", strength: 0.9 }),
    `<path d="${rays}" fill="${color.cream}" opacity=".55" filter="${sheet.blur(7)}"/>`,
    `<circle cx="${x}" cy="${y}" r="${r + 6}" fill="#fff6e2" filter="${sheet.blur(5)}"/>`,
    `<circle cx="${x}" cy="${y}" r="${r}" fill="#11143c"/>`,
    `<circle cx="${n(x + r * 0.72)}" cy="${n(y - r * 0.72)}" r="14" fill="#fff" filter="${sheet.blur(4)}"/>`,
    glow(sheet, { x: x + r * 0.72, y: y - r * 0.72, r: 80, tint: "#ffffff", strength: 0.9 }),
  ].join("");
}

function telescope(sheet: Sheet): string {
  const hub = { x: 420, y: 640 };
  const leg = (x: number, y: number) => {
    const knee = { x: hub.x + (x - hub.x) * 0.55, y: hub.y + (y - hub.y) * 0.55 };
    return [
      rod(sheet, { x1: knee.x, y1: knee.y, x2: x, y2: y }, { r: 13, rTo: 11, of: "steel" }),
      rod(sheet, { x1: hub.x, y1: hub.y, x2: knee.x, y2: knee.y }, { r: 22, rTo: 19, of: "rubber" }),
      rod(
        sheet,
        { x1: knee.x, y1: knee.y, x2: knee.x + (x - hub.x) * 0.04, y2: knee.y + (y - hub.y) * 0.04 },
        { r: 23, of: "amber" },
      ),
      `<ellipse cx="${x}" cy="${y}" rx="18" ry="10" fill="#0b0c26"/>`,
    ].join("");
  };
  const tube = lathe(sheet, 0.36, [
    { from: -380, to: -340, r: 36, of: "rubber" },
    { from: -340, to: -290, r: 30, of: "steel" },
    { from: -290, to: -236, r: 48, of: "rubber", flutes: 10 },
    { from: -236, to: -196, r: 50, rTo: 78, of: "enamel" },
    { from: -196, to: 170, r: 80, of: "enamel" },
    { from: 170, to: 190, r: 86, of: "amber" },
    { from: 190, to: 330, r: 98, of: "enamel" },
    { from: 330, to: 352, r: 106, of: "amber" },
  ]);
  const eyepiece = [
    `<path d="M-382 -38h-52l-34 46v32h86Z" fill="${sheet.linear([
      [0, "#686c97"],
      [1, "#12142f"],
    ])}"/>`,
    rod(sheet, { x1: -424, y1: -26, x2: -424, y2: -74 }, { r: 26, of: "steel" }),
    rod(sheet, { x1: -424, y1: -74, x2: -424, y2: -136 }, { r: 36, of: "rubber", grooves: 3 }),
    rod(sheet, { x1: -424, y1: -136, x2: -424, y2: -152 }, { r: 30, rTo: 27, of: "rubber" }),
  ].join("");
  // A sun finder: a plate with a pinhole that throws its spot on a second one.
  const finder = [
    `<path d="M-112 -86v-58h16v58ZM58 -86v-58h16v58Z" fill="${sheet.linear([
      [0, "#8e92bd"],
      [1, "#14162f"],
    ])}"/>`,
    `<path d="M-124 -96h212v22h-212Z" fill="#23264a"/><circle cx="-104" cy="-132" r="4.5" fill="#ffb454"/>`,
  ].join("");
  return [
    `<ellipse cx="430" cy="894" rx="300" ry="22" fill="#04051a" opacity=".6" filter="${sheet.blur(12)}"/>`,
    leg(450, 862),
    leg(214, 900),
    leg(628, 896),
    rod(sheet, { x1: 420, y1: 690, x2: 420, y2: 610 }, { r: 46, rTo: 40, of: "rubber" }),
    rod(sheet, { x1: 420, y1: 612, x2: 420, y2: 596 }, { r: 44, of: "amber" }),
    rod(sheet, { x1: 420, y1: 596, x2: 420, y2: 520 }, { r: 30, of: "rubber" }),
    rod(sheet, { x1: 400, y1: 600, x2: 250, y2: 690 }, { r: 8, of: "steel" }),
    rod(sheet, { x1: 262, y1: 683, x2: 196, y2: 723 }, { r: 17, of: "rubber", grooves: 4 }),
    place(
      { x: 440, y: 454, turn: -30 },
      [eyepiece, finder, tube, lens(sheet, { x: 352, r: 92, squash: 0.36, coating: "amber" })].join(""),
    ),
    `<path d="M386 600C370 560 376 520 392 476C402 456 448 456 458 476C472 520 474 560 458 600Z" fill="${sheet.linear(
      [
        [0, "#686c97"],
        [0.4, "#2f325c"],
        [1, "#0e1030"],
      ],
      { x2: 1, y2: 0.2 },
    )}" stroke="#9a9ec8" stroke-opacity=".5" stroke-width="1.6"/>`,
    `<circle cx="424" cy="506" r="27" fill="${sheet.radial(
      [
        [0, "#fff0cc"],
        [0.4, "#f2a040"],
        [1, "#7a3d18"],
      ],
      { fx: 0.35, fy: 0.3 },
    )}"/>`,
  ].join("");
}

function backpack(sheet: Sheet): string {
  const cloth = sheet.linear(
    [
      [0, "#7d86e4"],
      [0.3, "#4a51b4"],
      [0.7, "#282c77"],
      [1, "#191b50"],
    ],
    { x1: 0.1, x2: 0.85, y2: 1 },
  );
  const panel = sheet.linear(
    [
      [0, "#8d95ee"],
      [0.5, "#464dae"],
      [1, "#23276c"],
    ],
    { x2: 0.5 },
  );
  const stitch = `fill="none" stroke="${color.gold}" stroke-opacity=".6" stroke-width="2.4" stroke-dasharray="8 7"`;
  const strap = (x: number) =>
    `<path d="M${x} -206h34v330h-34Z" fill="${sheet.linear(
      [
        [0, "#e0923c"],
        [0.4, "#ffc777"],
        [1, "#9a521f"],
      ],
      { x2: 1, y2: 0 },
    )}"/><rect x="${x - 8}" y="-16" width="50" height="38" rx="7" fill="${sheet.linear([
      [0, "#f4f5ff"],
      [1, "#6a6f9c"],
    ])}"/><rect x="${x + 4}" y="-6" width="26" height="18" rx="3" fill="#7a3d18"/>`;
  const sunRays = Array.from(
    { length: 12 },
    (_, i) => `<path d="M-9 -54L0 -74L9 -54Z" transform="rotate(${i * 30})"/>`,
  ).join("");
  return [
    // Carrying loop and shoulder strap.
    `<path d="M-52 -236C-52 -312 52 -312 52 -236" fill="none" stroke="#7a3d18" stroke-width="24"/><path d="M-52 -238C-52 -312 52 -312 52 -238" fill="none" stroke="#e79b45" stroke-width="15"/>`,
    `<path d="M196 -170C264 -120 268 90 208 196" fill="none" stroke="#171a4a" stroke-width="38" stroke-linecap="round"/><path d="M194 -172C258 -120 262 90 204 192" fill="none" stroke="#3a3f98" stroke-width="22" stroke-linecap="round"/>`,
    `<path d="M-206 214C-226 60 -222 -110 -186 -196C-160 -262 160 -262 186 -196C222 -110 226 60 206 214C200 250 166 258 0 258C-166 258 -200 250 -206 214Z" fill="${cloth}"/>`,
    `<path d="M206 214C226 60 222 -80 196 -150C166 -60 150 120 128 254C184 250 202 240 206 214Z" fill="#0c0e36" opacity=".35"/>`,
    strap(-118),
    strap(84),
    // Flap.
    `<path d="M-194 -178C-170 -272 170 -272 194 -178C204 -120 206 -80 204 -54C150 -22 -150 -22 -204 -54C-206 -80 -204 -120 -192 -176Z" fill="${panel}"/>`,
    `<path d="M-190 -64C-140 -40 140 -40 190 -64" ${stitch}/>`,
    `<path d="M-204 -54C-150 -22 150 -22 204 -54" fill="none" stroke="#0c0e36" stroke-opacity=".6" stroke-width="5"/>`,
    `<ellipse cx="-70" cy="-206" rx="100" ry="16" transform="rotate(-7 -70 -206)" fill="#fff" opacity=".28" filter="${sheet.blur(12)}"/>`,
    // Front pocket.
    `<path d="M-160 60C-168 120 -166 190 -156 226C-150 246 150 246 156 226C166 190 168 120 160 60C100 44 -100 44 -160 60Z" fill="${panel}" stroke="#0c0e36" stroke-opacity=".5" stroke-width="3"/>`,
    `<path d="M-146 78C-90 64 90 64 146 78" ${stitch}/>`,
    `<path d="M-152 98C-90 84 90 84 152 98" fill="none" stroke="#11143c" stroke-width="6"/><rect x="96" y="84" width="12" height="34" rx="6" fill="${color.amber}"/>`,
    // A sewn-on sun, half covered.
    `<g transform="translate(0 -128)"><circle r="80" fill="#1a1d55"/><circle r="80" ${stitch}/><g fill="${color.amber}">${sunRays}<circle r="46"/></g><circle cx="16" cy="-12" r="42" fill="#1a1d55"/></g>`,
    `<g transform="translate(0 172)" fill="none" stroke="${color.gold}" stroke-opacity=".75" stroke-width="3"><circle r="13" fill="${color.amber}" stroke="none"/><ellipse rx="58" ry="20" transform="rotate(-14)"/><circle cx="52" cy="-24" r="6" fill="${color.cream}" stroke="none"/></g>`,
  ].join("");
}
