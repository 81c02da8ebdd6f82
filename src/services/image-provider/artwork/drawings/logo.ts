import { color } from "./palette.ts";

export const logoWidth = 640;
export const logoHeight = 176;

/** Stands in for the text's colour where there is none to take, as in a PNG; reads on white and on near-black. */
export const logoInk = "#7073dc";

/** The mark: three planets on arms around a sun, 160 units across, about the origin. `line` colours arms and rings. */
function mark(line: string): string {
  const planets = [
    { angle: 208, reach: 34, r: 7.5, fill: "#d97a86" },
    { angle: 82, reach: 54, r: 9.5, fill: line },
    { angle: -42, reach: 74, r: 13, fill: color.amber },
  ].map(({ angle, reach, r, fill }) => {
    const turn = (angle * Math.PI) / 180;
    return { x: (reach * Math.cos(turn)).toFixed(1), y: (reach * Math.sin(turn)).toFixed(1), reach, r, fill };
  });
  return [
    `<g fill="none" stroke="${line}" stroke-width="2.6" opacity=".55">${planets.map(({ reach }) => `<circle r="${reach}"/>`).join("")}</g>`,
    `<g stroke="${line}" stroke-width="5" stroke-linecap="round">${planets.map(({ x, y }) => `<path d="M0 0L${x} ${y}"/>`).join("")}</g>`,
    `<circle r="17" fill="#f2982f"/>`,
    ...planets.map(({ x, y, r, fill }) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`),
  ].join("");
}

/** The word in strokes of one width; x runs from 0 to 420, the baseline is 0. */
const word = [
  // O
  "M56 -104A52 52 0 1 1 55.9 -104Z",
  // r r
  "M146 -72V0M146 -34C146 -58 162 -72 186 -70",
  "M216 -72V0M216 -34C216 -58 232 -72 256 -70",
  // e
  "M274 -36H340C341 -56 327 -71 307 -71C287 -71 273 -56 273 -35.5C273 -15 287 0 307.5 0C320 0 330 -5 337 -14",
  // r
  "M370 -72V0M370 -34C370 -58 386 -72 410 -70",
  // y
  "M424 -71L454 -2M486 -71L452 6C444 24 434 32 416 31",
].join("");

function lettering(fill: string): string {
  return `<g transform="translate(196 127) scale(.89)"><path d="${word}" fill="none" stroke="${fill}" stroke-width="14" stroke-linecap="round" stroke-linejoin="round"/></g>`;
}

/** The logo; the word and the arms take the colour of the text around it. */
export function logo(): string {
  return `<g transform="translate(92 88) scale(.98)">${mark("currentColor")}</g>${lettering("currentColor")}`;
}

/** The mark on a night-sky tile of 64 by 64. */
export function favicon(): string {
  return `<rect width="64" height="64" rx="14" fill="#191c56"/><g transform="translate(31 33) scale(.345)">${mark("#e3e4ff").replaceAll('stroke-width="2.6"', 'stroke-width="5"').replaceAll('stroke-width="5" stroke-linecap', 'stroke-width="8" stroke-linecap')}</g>`;
}
