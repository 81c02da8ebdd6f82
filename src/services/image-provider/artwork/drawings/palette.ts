import type { Stop } from "./sheet.ts";

/** The colours of the shop: night-sky indigos, dusk, and the amber of lamplight. */
export const color = {
  ink: "#070922",
  night: "#10143a",
  indigo: "#1f2460",
  violet: "#3b3a8c",
  lilac: "#8f92e6",
  mist: "#c9cbf4",
  rose: "#d97a86",
  amber: "#ffb454",
  gold: "#ffd99a",
  cream: "#fff3dc",
} as const;

/** How a round body of a substance is shaded, from its lit edge to its shadow edge, and its flat end face. */
export interface Material {
  readonly body: readonly Stop[];
  readonly face: readonly [light: string, dark: string];
  readonly edge: string;
}

// The light stands at the upper left; the last stop of each is the warm light that the ground throws back.
export const material = {
  enamel: {
    body: [
      [0, "#aeb2da"],
      [0.1, "#e4e6f7"],
      [0.24, "#ffffff"],
      [0.44, "#d9dcf0"],
      [0.7, "#9296c4"],
      [0.9, "#5d5f98"],
      [1, "#a08aa6"],
    ],
    face: ["#f3f4fd", "#8286b8"],
    edge: "#ffffff",
  },
  satin: {
    body: [
      [0, "#2c317a"],
      [0.12, "#5a62bd"],
      [0.24, "#98a1ee"],
      [0.4, "#464da6"],
      [0.72, "#1f2361"],
      [0.92, "#14173f"],
      [1, "#5b4568"],
    ],
    face: ["#5d65c2", "#1a1d52"],
    edge: "#aab1f5",
  },
  rubber: {
    body: [
      [0, "#24274b"],
      [0.14, "#474b75"],
      [0.26, "#686c97"],
      [0.44, "#2a2d52"],
      [0.78, "#12142f"],
      [0.93, "#0c0d24"],
      [1, "#493a52"],
    ],
    face: ["#454972", "#14162f"],
    edge: "#8e92bd",
  },
  steel: {
    body: [
      [0, "#7f86ad"],
      [0.12, "#d2d7ee"],
      [0.22, "#ffffff"],
      [0.38, "#aab1d3"],
      [0.58, "#5f6591"],
      [0.78, "#343860"],
      [0.9, "#565a8b"],
      [1, "#bda091"],
    ],
    face: ["#e4e8f8", "#7177a4"],
    edge: "#ffffff",
  },
  amber: {
    body: [
      [0, "#b0641c"],
      [0.14, "#f6a945"],
      [0.25, "#ffe6b4"],
      [0.42, "#f2a040"],
      [0.74, "#a5561f"],
      [0.92, "#6f3419"],
      [1, "#cf8a52"],
    ],
    face: ["#ffd083", "#a8601f"],
    edge: "#fff0cc",
  },
  wood: {
    body: [
      [0, "#8a5632"],
      [0.2, "#dba468"],
      [0.32, "#f2c78f"],
      [0.5, "#b87a47"],
      [0.8, "#6d4028"],
      [1, "#8f6250"],
    ],
    face: ["#e6b57c", "#80502f"],
    edge: "#ffe0b0",
  },
  red: {
    body: [
      [0, "#7a1226"],
      [0.14, "#d8384f"],
      [0.25, "#ff9a9a"],
      [0.42, "#c9263f"],
      [0.76, "#660d26"],
      [0.93, "#3f0a20"],
      [1, "#8f3c46"],
    ],
    face: ["#ef5364", "#74122a"],
    edge: "#ffc0b8",
  },
} as const satisfies Record<string, Material>;

export type MaterialName = keyof typeof material;
