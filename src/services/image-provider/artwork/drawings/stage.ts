import { color } from "./palette.ts";
import { n, place, type Sheet } from "./sheet.ts";
import { glow, rings, sky } from "./sky.ts";

/** Where things stand on the dial: the centre of its top and its half axes. */
export const dial = { x: 640, y: 738, rx: 600, ry: 180 } as const;

/** The shop's studio: the evening sky, lamplight, the rings behind, and the engraved dial on which a product stands. `behind` hangs in the sky. */
export function stage(
  sheet: Sheet,
  {
    seed,
    lampX = 640,
    lamp = "#ff9f5a",
    strength = 0.58,
    behind = "",
  }: { seed: number; lampX?: number; lamp?: string; strength?: number; behind?: string },
): string {
  const { x, y, rx, ry } = dial;
  const depth = 46;
  const top = sheet.linear(
    [
      [0, "#34357f"],
      [0.4, "#6560ac"],
      [0.62, "#a883a8"],
      [0.8, "#625aa6"],
      [1, "#2f3072"],
    ],
    { x2: 1, y2: 0.15 },
  );
  const wall = sheet.linear(
    [
      [0, "#12153f"],
      [0.35, "#2f2d6e"],
      [0.55, "#a9744f"],
      [0.66, "#4a3a70"],
      [1, "#10123a"],
    ],
    { x2: 1, y2: 0 },
  );
  return [
    sky(sheet, { hour: "evening", seed, starsTo: 720 }),
    glow(sheet, { x: lampX, y: 470, r: 620, tint: lamp, strength }),
    `<rect y="240" width="1280" height="480" fill="${sheet.linear([
      [0, lamp, 0],
      [0.5, lamp, 0.16],
      [1, "#ffb07a", 0.62],
    ])}"/>`,
    rings({ x: 640, y: 430, r: 400, count: 4, opacity: 0.3 }),
    behind,
    `<rect y="719" width="1280" height="241" fill="${sheet.linear([
      [0, "#6d4a7c"],
      [0.22, "#33306f"],
      [1, color.ink],
    ])}"/>`,
    `<path d="M${x - rx} ${y}v${depth}A${rx} ${ry} 0 0 0 ${x + rx} ${y + depth}v${-depth}Z" fill="${wall}"/>`,
    `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${top}"/>`,
    `<ellipse cx="${lampX}" cy="${y - 10}" rx="${n(rx * 0.62)}" ry="${n(ry * 0.62)}" fill="${sheet.radial([
      [0, color.gold, 0.5],
      [0.6, color.amber, 0.14],
      [1, color.amber, 0],
    ])}"/>`,
    rings({ x, y, r: rx * 0.93, count: 3, opacity: 0.5, tilt: ry / rx }),
    `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="none" stroke="${color.gold}" stroke-opacity=".75" stroke-width="2.5"/>`,
  ].join("");
}

/** The shadow that a thing throws where it touches the ground, soft and slightly to the right of the light. */
export function shadow(
  sheet: Sheet,
  { x, y, rx, ry, strength = 0.75 }: { x: number; y: number; rx: number; ry: number; strength?: number },
): string {
  return `<ellipse cx="${n(x + rx * 0.06)}" cy="${n(y)}" rx="${n(rx)}" ry="${n(ry)}" fill="#04051a" opacity="${strength}" filter="${sheet.blur(Number(n(Math.max(4, ry * 0.45))))}"/>`;
}

/** How a thing that lies on the dial is seen, see {@link pose}. */
export interface Pose {
  /** Degrees by which its axis is turned in the picture. */
  readonly turn: number;
  /** How round its near end looks. */
  readonly squash: number;
  /** How long a unit along its axis looks. */
  readonly along: number;
  /** Where a unit across its axis, towards the viewer, leads in the picture. */
  readonly across: { readonly x: number; readonly y: number };
}

/**
 * The pose of a thing that lies on the dial with its near end pointing to the left and towards the viewer,
 * in degrees: 0 straight to the left, 90 straight at the viewer. Parallel projection, as the dial itself is seen.
 */
export function pose(degrees: number): Pose {
  const sinPitch = dial.ry / dial.rx;
  const cosPitch = Math.sqrt(1 - sinPitch ** 2);
  const left = Math.cos((degrees * Math.PI) / 180);
  const forward = Math.sin((degrees * Math.PI) / 180);
  return {
    turn: (Math.atan2(forward * sinPitch, -left) * 180) / Math.PI,
    squash: forward * cosPitch,
    along: Math.hypot(left, forward * sinPitch),
    across: { x: forward, y: left * sinPitch },
  };
}

/** Lays what was drawn along the x axis down in a pose, its lit side up. */
export function lay({ turn }: Pose, { x, y }: { readonly x: number; readonly y: number }, content: string): string {
  return place({ x, y, turn }, turn > 90 ? `<g transform="scale(1 -1)">${content}</g>` : content);
}

/** Stands what was drawn along the x axis up on the dial; its end faces are as round as {@link standing}. */
export function stand({ x, y }: { readonly x: number; readonly y: number }, content: string): string {
  return place({ x, y, turn: -90 }, content);
}

export const standing = dial.ry / dial.rx;
