import { lens } from "./glass.ts";
import { lathe, rod, type Turned } from "./lathe.ts";
import type { Sheet } from "./sheet.ts";
import { lay, pose, shadow, stage } from "./stage.ts";

/** A fast astrograph: a wide tube, a full-aperture corrector in front, the camera's place in its middle. */
export function opticalTubeAssembly(sheet: Sheet): string {
  const seen = pose(52);
  const at = { x: 446, y: 448 };
  const part = (from: number, to: number, rest: Omit<Turned, "from" | "to">): Turned => ({
    from: from * seen.along,
    to: to * seen.along,
    ...rest,
  });
  const cos = Math.cos((seen.turn * Math.PI) / 180) * seen.along;
  const sin = Math.sin((seen.turn * Math.PI) / 180) * seen.along;
  const on = (along: number, down: number) => ({ x: at.x + cos * along, y: at.y + sin * along + down });
  const upright = (along: number, { low, high, r }: { low: number; high: number; r: number }) => {
    const { x, y } = on(along, 268);
    return rod(sheet, { x1: x, y1: y + low, x2: x, y2: y - high }, { r, of: "rubber" });
  };
  const foot = (along: number) => upright(along, { low: 56, high: 0, r: 40 });
  const saddle = (along: number) => upright(along, { low: 8, high: 90, r: 62 });
  const rail = (() => {
    const a = on(-760, 268);
    const b = on(40, 268);
    return [
      `<path d="M${a.x - 40} ${a.y}L${b.x - 60} ${b.y}l120 22L${a.x + 60} ${a.y + 18}Z" fill="#ffcf8a"/>`,
      `<path d="M${b.x - 60} ${b.y}l120 22v24l-120 -22Z" fill="#a8601f"/>`,
      `<path d="M${b.x + 60} ${b.y + 22}L${a.x + 60} ${a.y + 18}v24L${b.x + 60} ${b.y + 46}Z" fill="#d98a3a"/>`,
    ].join("");
  })();
  return [
    stage(sheet, { seed: 83, lampX: 700 }),
    `<g transform="rotate(-14 690 730)">${shadow(sheet, { x: 700, y: 722, rx: 400, ry: 56 })}</g>`,
    '<g transform="translate(70 98) scale(.88)">',
    foot(-690),
    foot(-60),
    rail,
    saddle(-600),
    saddle(-150),
    lay(
      seen,
      at,
      [
        lathe(sheet, seen.squash, [
          part(-900, -880, { r: 200, rTo: 236, of: "rubber" }),
          part(-880, -800, { r: 250, of: "rubber" }),
          part(-800, -776, { r: 256, of: "amber" }),
          part(-776, -640, { r: 246, of: "enamel" }),
          part(-640, -560, { r: 254, of: "rubber" }),
          part(-560, -190, { r: 246, of: "enamel" }),
          part(-190, -110, { r: 254, of: "rubber" }),
          part(-110, -60, { r: 246, of: "enamel" }),
          part(-60, -34, { r: 262, of: "amber" }),
          part(-34, 60, { r: 260, of: "satin", flutes: 26 }),
          part(60, 84, { r: 264, of: "satin" }),
        ]),
        lens(sheet, { x: 84 * seen.along, r: 238, squash: seen.squash, coating: "violet", seed: 29 }),
        lathe(sheet, seen.squash, [
          part(90, 110, { r: 92, of: "amber" }),
          part(110, 190, { r: 84, of: "rubber", grooves: 2 }),
          part(190, 204, { r: 88, of: "satin" }),
          part(204, 250, { r: 62, rTo: 58, of: "red" }),
          part(250, 262, { r: 40, of: "rubber" }),
        ]),
      ].join(""),
    ),
    handle(sheet, on(-600, -256), on(-150, -256)),
    "</g>",
  ].join("");
}

function handle(sheet: Sheet, far: { x: number; y: number }, near: { x: number; y: number }): string {
  const curve = `M${far.x.toFixed(1)} ${far.y.toFixed(1)}C${(far.x - 6).toFixed(1)} ${(far.y - 78).toFixed(1)} ${(near.x + 20).toFixed(1)} ${(near.y - 84).toFixed(1)} ${near.x.toFixed(1)} ${near.y.toFixed(1)}`;
  return [
    `<path d="${curve}" fill="none" stroke="#0c0d26" stroke-width="34" stroke-linecap="round"/>`,
    `<path d="${curve}" fill="none" stroke="#343861" stroke-width="24" stroke-linecap="round"/>`,
    `<path d="${curve}" transform="translate(-2 -7)" fill="none" stroke="#8e92bd" stroke-width="5" stroke-linecap="round"/>`,
    `<ellipse cx="${far.x.toFixed(1)}" cy="${(far.y + 6).toFixed(1)}" rx="30" ry="12" fill="${sheet.linear([
      [0, "#ffd083"],
      [1, "#a8601f"],
    ])}"/><ellipse cx="${near.x.toFixed(1)}" cy="${(near.y + 6).toFixed(1)}" rx="30" ry="12" fill="${sheet.linear([
      [0, "#ffd083"],
      [1, "#a8601f"],
    ])}"/>`,
  ].join("");
}
