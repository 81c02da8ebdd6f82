import { type MaterialName, material } from "./palette.ts";
import { n, place, type Sheet } from "./sheet.ts";

/** A turned part on the axis: from `from` to `to`, radius `r` growing or shrinking to `rTo`. */
export interface Turned {
  readonly from: number;
  readonly to: number;
  readonly r: number;
  readonly rTo?: number;
  readonly of: MaterialName;
  /** Grooves around the body, evenly spread. */
  readonly grooves?: number;
  /** Grip ribs along the body, on the visible half. */
  readonly flutes?: number;
}

/**
 * A body of revolution about the x axis, its +x end turned towards the viewer.
 * `squash` is how round that end looks: 0 from the side, 1 from the front. Parts go from far to near.
 */
export function lathe(sheet: Sheet, squash: number, parts: readonly Turned[]): string {
  return parts.map((part) => turned(sheet, squash, part)).join("");
}

function turned(sheet: Sheet, squash: number, part: Turned): string {
  const { from, to, r, rTo = r, of } = part;
  const look = material[of];
  const far = squash * r;
  const near = squash * rTo;
  const outline = `M${n(from)} ${n(-r)}L${n(to)} ${n(-rTo)}A${n(near)} ${n(rTo)} 0 0 1 ${n(to)} ${n(rTo)}L${n(from)} ${n(r)}A${n(far)} ${n(r)} 0 0 1 ${n(from)} ${n(-r)}Z`;
  const along = sheet.linear(
    [
      [0, "#05061c", 0.3],
      [0.35, "#05061c", 0],
      [0.8, "#ffffff", 0],
      [1, "#ffffff", 0.16],
    ],
    { x2: 1, y2: 0 },
  );
  const face = sheet.linear(
    [
      [0, look.face[0]],
      [1, look.face[1]],
    ],
    { x2: 0.5 },
  );
  return [
    `<path d="${outline}" fill="${sheet.linear(look.body)}"/>`,
    `<path d="${outline}" fill="${along}"/>`,
    flutes(part, squash),
    grooves(part, squash),
    `<ellipse cx="${n(to)}" rx="${n(near)}" ry="${n(rTo)}" fill="${face}" stroke="${look.edge}" stroke-opacity=".55" stroke-width="1.6"/>`,
  ].join("");
}

function grooves({ from, to, r, rTo = r, grooves: count = 0 }: Turned, squash: number): string {
  let dark = "";
  let light = "";
  for (let i = 1; i <= count; i++) {
    const share = i / (count + 1);
    const x = from + (to - from) * share;
    const radius = r + (rTo - r) * share;
    const arc = (at: number) =>
      `M${n(at)} ${n(-radius)}A${n(squash * radius)} ${n(radius)} 0 0 0 ${n(at)} ${n(radius)}`;
    dark += arc(x);
    light += arc(x + 2.4);
  }
  if (count === 0) return "";
  return `<path d="${dark}" fill="none" stroke="#05061c" stroke-opacity=".55" stroke-width="2.6"/><path d="${light}" fill="none" stroke="#fff" stroke-opacity=".22" stroke-width="1.2"/>`;
}

function flutes({ from, to, r, rTo = r, flutes: count = 0 }: Turned, squash: number): string {
  if (count === 0) return "";
  let dark = "";
  let light = "";
  for (let i = 0; i < count; i++) {
    const angle = -Math.PI / 2 + (Math.PI * (i + 0.5)) / count;
    const line = (turn: number) => {
      const sin = Math.sin(angle + turn);
      const cos = Math.cos(angle + turn);
      return `M${n(from - squash * r * cos)} ${n(r * sin)}L${n(to - squash * rTo * cos)} ${n(rTo * sin)}`;
    };
    dark += line(0);
    light += line(1 / count);
  }
  return `<path d="${dark}" fill="none" stroke="#05061c" stroke-opacity=".6" stroke-width="3"/><path d="${light}" fill="none" stroke="#fff" stroke-opacity=".16" stroke-width="1.6"/>`;
}

/** A rod between two points of the picture, turned so that its lit side faces the upper left. */
export function rod(
  sheet: Sheet,
  line: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number },
  shape: {
    readonly r: number;
    readonly rTo?: number;
    readonly of: MaterialName;
    readonly squash?: number;
    readonly grooves?: number;
  },
): string {
  const { x1, y1, x2, y2 } = line;
  const { squash = 0.3, ...part } = shape;
  const length = Math.hypot(x2 - x1, y2 - y1);
  const body = lathe(sheet, squash, [{ from: 0, to: length, ...part }]);
  // The lit side is local -y, which the turn carries to (dy, -dx) / length.
  const lit = (y2 - y1) * -0.6 + -(x2 - x1) * -0.8 >= 0;
  const content = lit ? body : `<g transform="scale(1 -1)">${body}</g>`;
  return place({ x: x1, y: y1, turn: (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI }, content);
}
