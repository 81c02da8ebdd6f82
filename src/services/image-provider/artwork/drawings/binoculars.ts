import { lens } from "./glass.ts";
import { lathe, rod, type Turned } from "./lathe.ts";
import type { Sheet } from "./sheet.ts";
import { lay, pose, shadow, stage } from "./stage.ts";

/** Roof-prism binoculars lying on the dial, their coated objectives towards the viewer. */
export function roofBinoculars(sheet: Sheet): string {
  const seen = pose(50);
  const apart = 356;
  const far = { x: 470, y: 566 };
  const near = { x: far.x + apart * seen.across.x, y: far.y + apart * seen.across.y };
  const long = (value: number) => value * seen.along;
  const part = (from: number, to: number, rest: Omit<Turned, "from" | "to">): Turned => ({
    from: long(from),
    to: long(to),
    ...rest,
  });

  const barrel = (seed: number) =>
    [
      lathe(sheet, seen.squash, [
        part(-640, -600, { r: 92, rTo: 98, of: "rubber" }),
        part(-600, -540, { r: 98, of: "rubber", grooves: 2 }),
        part(-540, -522, { r: 104, of: "amber" }),
        part(-522, -440, { r: 100, rTo: 122, of: "enamel" }),
        part(-440, -200, { r: 128, of: "rubber" }),
        part(-200, -120, { r: 128, rTo: 146, of: "enamel" }),
        part(-120, 60, { r: 146, rTo: 158, of: "satin", flutes: 14 }),
        part(60, 76, { r: 162, of: "amber" }),
        part(76, 130, { r: 158, of: "rubber" }),
      ]),
      lens(sheet, { x: long(126), r: 138, squash: seen.squash, seed }),
    ].join("");

  const between = (along: number, across: number, up: number) => ({
    x: far.x + Math.cos((seen.turn * Math.PI) / 180) * long(along) + across * apart * seen.across.x,
    y: far.y + Math.sin((seen.turn * Math.PI) / 180) * long(along) + across * apart * seen.across.y - up,
  });
  const bridge = (along: number, r: number) => {
    const a = between(along, 0.15, 26);
    const b = between(along, 0.85, 26);
    return rod(sheet, { x1: a.x, y1: a.y, x2: b.x, y2: b.y }, { r, of: "satin", squash: 0.4 });
  };

  return [
    stage(sheet, { seed: 23, lampX: 660 }),
    '<g transform="translate(-118 -62) scale(1.1)">',
    shadow(sheet, { x: 690, y: 742, rx: 430, ry: 52 }),
    shadow(sheet, { x: 450, y: 716, rx: 150, ry: 34, strength: 0.6 }),
    lay(seen, far, barrel(7)),
    bridge(-420, 46),
    bridge(-150, 54),
    lay(
      seen,
      between(0, 0.5, 62),
      lathe(sheet, seen.squash, [
        part(-560, -440, { r: 54, of: "rubber", flutes: 12 }),
        part(-440, -424, { r: 57, of: "amber" }),
        part(-424, -110, { r: 40, of: "steel" }),
        part(-110, -96, { r: 44, of: "amber" }),
        part(-96, -70, { r: 36, of: "rubber" }),
      ]),
    ),
    lay(seen, near, barrel(19)),
    "</g>",
  ].join("");
}
