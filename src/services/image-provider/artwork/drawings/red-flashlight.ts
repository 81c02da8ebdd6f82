import { lens } from "./glass.ts";
import { lathe, type Turned } from "./lathe.ts";
import type { Sheet } from "./sheet.ts";
import { glow } from "./sky.ts";
import { lay, pose, shadow, stage } from "./stage.ts";

/** A torch whose red light spares eyes that are used to the dark, its beam over the dial. */
export function redFlashlight(sheet: Sheet): string {
  const flat = pose(33);
  // It rests on its wide head and on its tail, so the axis leans.
  const seen = { ...flat, turn: flat.turn + 6 };
  const at = { x: 500, y: 578 };
  const part = (from: number, to: number, rest: Omit<Turned, "from" | "to">): Turned => ({
    from: from * seen.along,
    to: to * seen.along,
    ...rest,
  });
  const front = 150 * seen.along;
  const beam = sheet.linear(
    [
      [0, "#ff5468", 0.95],
      [0.35, "#ff2f4c", 0.5],
      [1, "#ff2f4c", 0],
    ],
    { x2: 1, y2: 0 },
  );
  return [
    stage(sheet, { seed: 71, lampX: 420, lamp: "#ff3d55", strength: 0.5 }),
    `<ellipse cx="330" cy="770" rx="360" ry="112" fill="${sheet.radial([
      [0, "#ff5a6c", 0.85],
      [0.55, "#f0283f", 0.35],
      [1, "#f0283f", 0],
    ])}"/>`,
    `<g transform="rotate(-8 780 690)">${shadow(sheet, { x: 790, y: 690, rx: 420, ry: 34 })}</g>`,
    '<g transform="translate(-40 -66) scale(1.1)">',
    lay(
      seen,
      at,
      [
        lathe(sheet, seen.squash, [
          part(-700, -684, { r: 76, rTo: 84, of: "rubber" }),
          part(-684, -600, { r: 86, of: "satin", grooves: 2 }),
          part(-600, -584, { r: 90, of: "amber" }),
          part(-584, -270, { r: 84, of: "satin", flutes: 16 }),
          part(-270, -254, { r: 90, of: "amber" }),
          part(-254, -130, { r: 86, of: "satin" }),
          part(-130, 0, { r: 88, rTo: 146, of: "satin" }),
          part(0, 18, { r: 152, of: "amber" }),
          part(18, 132, { r: 150, of: "satin", flutes: 18 }),
          part(132, 150, { r: 156, of: "red" }),
        ]),
        // Switch on the back of the body.
        `<rect x="${-225 * seen.along}" y="-92" width="70" height="30" rx="14" fill="#14163f"/><rect x="${-218 * seen.along}" y="-94" width="58" height="22" rx="11" fill="#f0283f"/><rect x="${-210 * seen.along}" y="-91" width="36" height="6" rx="3" fill="#ffb8b0"/>`,
        lens(sheet, { x: front, r: 136, squash: seen.squash, coating: "ruby" }),
      ].join(""),
    ),
    // The beam leaves the lens, so it lies over everything.
    lay(
      seen,
      at,
      `<g transform="translate(${front.toFixed(1)} 0)"><path d="M0 -134L760 -300V300L0 134A${(134 * seen.squash).toFixed(1)} 134 0 0 1 0 -134Z" fill="${beam}" opacity=".75" filter="${sheet.blur(14)}"/><path d="M0 -80L760 -170V170L0 80Z" fill="${beam}" opacity=".55" filter="${sheet.blur(16)}"/></g>`,
    ),
    glow(sheet, { x: 388, y: 590, r: 330, tint: "#ff6a72", strength: 0.8 }),
    glow(sheet, { x: 388, y: 590, r: 110, tint: "#fff0e6", strength: 0.95 }),
    "</g>",
  ].join("");
}
