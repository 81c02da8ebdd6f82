import { lathe } from "./lathe.ts";
import { color } from "./palette.ts";
import { seeded } from "./random.ts";
import { n, type Sheet } from "./sheet.ts";
import { glint, glow } from "./sky.ts";
import { shadow, stage, stand, standing } from "./stage.ts";

const wide = 520;
const tall = 640;
const thick = 170;

/** An old book about comets, leather and gold, with a quill beside it and its subject in the sky. */
export function cometBook(sheet: Sheet): string {
  return [
    stage(sheet, { seed: 96, lampX: 600 }),
    comet(sheet),
    shadow(sheet, { x: 630, y: 800, rx: 330, ry: 46 }),
    shadow(sheet, { x: 1050, y: 784, rx: 120, ry: 26 }),
    book(sheet),
    inkAndQuill(sheet, { x: 1030, y: 772 }),
  ].join("");
}

function comet(sheet: Sheet): string {
  const tail = (spread: number, reach: number) =>
    `M0 -26C${n(reach * 0.4)} ${n(-30 - spread * 0.4)} ${n(reach * 0.7)} ${n(-30 - spread)} ${n(reach)} ${n(-34 - spread * 1.2)}Q${n(reach * 0.9)} 0 ${n(reach)} ${n(34 + spread * 0.5)}C${n(reach * 0.7)} ${n(26 + spread * 0.3)} ${n(reach * 0.4)} 28 0 26Z`;
  const fill = sheet.linear(
    [
      [0, "#fff3dc", 0.9],
      [0.3, "#ffd99a", 0.5],
      [1, "#b9a6ff", 0],
    ],
    { x2: 1, y2: 0 },
  );
  return `<g transform="translate(292 402) rotate(217)"><path d="${tail(70, 560)}" fill="${fill}" opacity=".6" filter="${sheet.blur(10)}"/><path d="${tail(10, 460)}" fill="${fill}" opacity=".8" filter="${sheet.blur(5)}"/></g>${glow(sheet, { x: 292, y: 402, r: 130, tint: "#fff3dc", strength: 0.95 })}<circle cx="292" cy="402" r="18" fill="#fff"/>`;
}

function book(sheet: Sheet): string {
  // Three faces of an upright block in the dial's projection: cover, spine, and the top of the pages.
  const up = 0.954;
  const corner = { x: 500, y: 834 };
  const cover = `matrix(.82 -.172 0 ${up} ${corner.x} ${corner.y})`;
  const spine = `matrix(-.572 -.246 0 ${up} ${corner.x} ${corner.y})`;
  const top = `matrix(.82 -.172 -.572 -.246 ${corner.x} ${n(corner.y - tall * up)})`;
  const leather = sheet.linear(
    [
      [0, "#a85a36"],
      [0.4, "#7c3a26"],
      [1, "#3f1a20"],
    ],
    { x1: 0.1, x2: 0.9 },
  );
  const spineLeather = sheet.linear(
    [
      [0, "#5a2820"],
      [0.45, "#8a4630"],
      [0.7, "#6a2f24"],
      [1, "#2f1420"],
    ],
    { x2: 1, y2: 0 },
  );
  const gold = sheet.linear(
    [
      [0, "#fff0c4"],
      [0.35, "#f0b455"],
      [0.6, "#ffe2a4"],
      [1, "#b5722c"],
    ],
    { x2: 1 },
  );
  const random = seeded(15);
  const mottling = Array.from(
    { length: 70 },
    () =>
      `<ellipse cx="${n(random() * wide)}" cy="${n(-random() * tall)}" rx="${n(8 + random() * 46)}" ry="${n(4 + random() * 22)}" fill="${random() < 0.5 ? "#2a0f16" : "#c9784a"}" opacity="${(0.03 + random() * 0.06).toFixed(2)}"/>`,
  ).join("");
  const leaves = Array.from({ length: 26 }, (_, i) => `M14 ${n(18 + i * 5.3)}H${wide - 16}`).join("");
  const ribs = [70, 190, 310, 430, 550]
    .map(
      (y) =>
        `<rect x="-2" y="${-y - 13}" width="${thick + 4}" height="26" rx="10" fill="${spineLeather}"/><path d="M0 ${-y - 12}H${thick}M0 ${-y + 13}H${thick}" stroke="#1d0a12" stroke-opacity=".6" stroke-width="3"/><path d="M0 ${-y - 20}H${thick}M0 ${-y + 21}H${thick}" stroke="#e7b060" stroke-opacity=".8" stroke-width="2.5"/>`,
    )
    .join("");
  const cornerPiece = (x: number, y: number, turn: number) =>
    `<g transform="translate(${x} ${y}) rotate(${turn})"><path d="M0 0H104C92 22 66 24 58 40C46 60 24 60 22 92L0 108Z" fill="${gold}"/><path d="M10 10H72C58 26 38 30 30 44C20 56 14 62 10 76Z" fill="none" stroke="#8a4f1c" stroke-width="2.5"/><circle cx="26" cy="26" r="7" fill="#8a4f1c"/></g>`;
  return [
    // Back board, then pages, then the boards that we see.
    `<g transform="${spine}"><rect x="0" y="${-tall}" width="${thick}" height="${tall}" fill="${spineLeather}"/>${ribs}<g fill="${color.gold}" opacity=".9"><circle cx="${thick / 2}" cy="-250" r="14"/><path d="M${thick / 2 - 44} -250h88M${thick / 2} -294v88" stroke="${color.gold}" stroke-width="4"/></g></g>`,
    `<g transform="${top}"><rect width="${wide}" height="${thick}" fill="#5a2820"/><rect x="14" y="14" width="${wide - 24}" height="${thick - 28}" fill="${sheet.linear(
      [
        [0, "#c9a67c"],
        [0.4, "#fbe9c8"],
        [1, "#b88f6a"],
      ],
      { x2: 1, y2: 0 },
    )}"/><path d="${leaves}" stroke="#8a6444" stroke-opacity=".5" stroke-width="2"/></g>`,
    `<g transform="${cover}"><rect y="${-tall}" width="${wide}" height="${tall}" rx="8" fill="${leather}"/>${mottling}`,
    `<rect x="2" y="${-tall}" width="34" height="${tall}" fill="#1d0a12" opacity=".22"/><path d="M38 ${-tall}V0" stroke="#d08a5a" stroke-opacity=".5" stroke-width="3"/>`,
    `<g fill="none" stroke="${gold}"><rect x="58" y="${-tall + 26}" width="${wide - 86}" height="${tall - 52}" stroke-width="6"/><rect x="72" y="${-tall + 40}" width="${wide - 114}" height="${tall - 80}" stroke-width="2.5"/></g>`,
    cornerPiece(wide, -tall, 90),
    cornerPiece(wide, 0, 180),
    coverComet(gold),
    `<path d="M0 ${-tall}H${wide}V${-tall + 5}H0ZM0 ${-tall}H4V0H0Z" fill="#ffcf9a" opacity=".55"/>`,
    `<path d="M${wide} ${-tall}L${wide} -150L120 ${-tall}Z" fill="#fff" opacity=".07"/></g>`,
  ].join("");
}

/** What is stamped on the cover: the comet over the earth, in an oval of stars. */
function coverComet(gold: string): string {
  const star = (x: number, y: number, size: number) =>
    `<path transform="translate(${x} ${y}) scale(${size})" d="M0 -10L2.4 -2.4L10 0L2.4 2.4L0 10L-2.4 2.4L-10 0L-2.4 -2.4Z"/>`;
  const rays = Array.from(
    { length: 12 },
    (_, i) => `<path d="M-6 -30L0 -52L6 -30Z" transform="rotate(${i * 30})"/>`,
  ).join("");
  return [
    `<g fill="${gold}"><ellipse cx="278" cy="-330" rx="168" ry="218" fill="#2a1030" fill-opacity=".55" stroke="${gold}" stroke-width="6"/><ellipse cx="278" cy="-330" rx="154" ry="204" fill="none" stroke="${gold}" stroke-width="2" stroke-dasharray="3 9"/>`,
    `<g transform="translate(226 -292)"><circle r="26"/>${rays}</g>`,
    `<path d="M248 -318C296 -372 340 -420 372 -484C350 -404 322 -350 262 -292Z"/><path d="M240 -328C272 -390 300 -430 322 -500C318 -430 300 -380 252 -318Z" opacity=".8"/><path d="M262 -306C320 -340 370 -376 404 -414C380 -356 338 -312 268 -282Z" opacity=".8"/>`,
    star(190, -430, 2),
    star(250, -470, 1.3),
    star(372, -270, 1.7),
    star(172, -372, 1.1),
    star(322, -228, 1.1),
    `<path d="M148 -196C190 -236 366 -236 408 -196C372 -142 324 -116 278 -112C232 -116 184 -142 148 -196Z" opacity=".9"/><path d="M196 -196c20 -12 40 8 64 -4s30 14 58 6M220 -166c24 -10 44 10 74 -2M250 -140c16 -6 30 4 48 0" fill="none" stroke="#6a2f24" stroke-width="5" stroke-linecap="round"/>`,
    `<path d="M150 -572h256" stroke="${gold}" stroke-width="9" stroke-linecap="round"/><path d="M190 -550h176" stroke="${gold}" stroke-width="4" stroke-linecap="round"/><path d="M190 -84h176" stroke="${gold}" stroke-width="5" stroke-linecap="round"/></g>`,
  ].join("");
}

function inkAndQuill(sheet: Sheet, foot: { x: number; y: number }): string {
  const feather = sheet.linear(
    [
      [0, "#fffaf0"],
      [0.5, "#d5d3ee"],
      [1, "#8085bd"],
    ],
    { x1: 0.2, x2: 0.9 },
  );
  const barbs = Array.from({ length: 15 }, (_, i) => {
    const y = -96 - i * 22;
    const lean = 20 + i * 7.4;
    return `M${n(lean)} ${y}l${n(36 - i)} -26M${n(lean)} ${y}l${n(-22 + i * 0.6)} -34`;
  }).join("");
  return [
    `<g transform="translate(${foot.x} ${foot.y - 106})"><path d="M-4 10C6 -80 40 -250 136 -440C128 -400 150 -372 138 -330C146 -290 118 -262 112 -214C104 -160 62 -110 26 -78C22 -120 8 -160 24 -214C22 -160 8 -80 4 10Z" fill="${feather}"/><path d="M24 -214C40 -290 84 -380 136 -440C96 -350 50 -240 20 -70Z" fill="#6f74b4" opacity=".35"/><path d="M0 16C8 -90 46 -260 136 -440" fill="none" stroke="#fff" stroke-width="5"/><path d="${barbs}" stroke="#6a6fae" stroke-opacity=".3" stroke-width="2" fill="none"/></g>`,
    stand(
      foot,
      lathe(sheet, standing, [
        { from: 0, to: 12, r: 84, of: "amber" },
        { from: 12, to: 70, r: 78, rTo: 84, of: "satin" },
        { from: 70, to: 96, r: 84, rTo: 44, of: "satin" },
        { from: 96, to: 118, r: 44, of: "amber" },
      ]),
    ),
    `<ellipse cx="${foot.x}" cy="${foot.y - 118}" rx="34" ry="10" fill="#07081f"/>`,
    `<path d="M${foot.x - 6} ${foot.y - 116}L${foot.x + 3} ${foot.y - 160}L${foot.x + 8} ${foot.y - 114}Z" fill="#fff8ea"/>`,
    glint(foot.x - 50, foot.y - 60, 16, 0.7),
  ].join("");
}
