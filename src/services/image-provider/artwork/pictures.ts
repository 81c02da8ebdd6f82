import { banner, bannerHeight, bannerWidth } from "./drawings/banner.ts";
import { roofBinoculars } from "./drawings/binoculars.ts";
import { lensCleaningKit } from "./drawings/cleaning-kit.ts";
import { solarSystemColorImager } from "./drawings/color-imager.ts";
import { cometBook } from "./drawings/comet-book.ts";
import { eclipsmartTravelRefractor } from "./drawings/eclipsmart.ts";
import { explorascope } from "./drawings/explorascope.ts";
import { favicon, logo, logoHeight, logoWidth } from "./drawings/logo.ts";
import { opticalTubeAssembly } from "./drawings/optical-tube.ts";
import { redFlashlight } from "./drawings/red-flashlight.ts";
import { createSheet, type Sheet } from "./drawings/sheet.ts";
import { height, width } from "./drawings/sky.ts";
import { solarFilter } from "./drawings/solar-filter.ts";
import { starsenseExplorer } from "./drawings/starsense.ts";

/** One picture of the shop: the path it is asked for, its drawing, and how it is rendered. */
export interface Artwork {
  /** Path below the static root, as browsers ask for it. */
  readonly path: string;
  /** Name of the SVG file in this folder. */
  readonly source: string;
  readonly title: string;
  readonly size: { readonly width: number; readonly height: number };
  /** Opaque pictures become AVIF, WebP and JPEG, transparent ones WebP and PNG; vectors stay SVG. */
  readonly rendering: "opaque" | "transparent" | "vector";
  /** Widths in pixels; none for a vector. */
  readonly widths: readonly number[];
  readonly draw: (sheet: Sheet) => string;
}

function product(name: string, title: string, draw: (sheet: Sheet) => string): Artwork {
  return {
    path: `/products/${name}.jpg`,
    source: `${name}.svg`,
    title,
    size: { width, height },
    rendering: "opaque",
    widths: [320, 640, 1280],
    draw,
  };
}

const logotype = {
  title: "Orrery",
  source: "orrery-logo.svg",
  size: { width: logoWidth, height: logoHeight },
  draw: logo,
};

export const pictures: readonly Artwork[] = [
  product("NationalParkFoundationExplorascope", "Refractor telescope above a mountain lake", explorascope),
  product("StarsenseExplorer", "Refractor telescope with a telephone in its dock", starsenseExplorer),
  product("EclipsmartTravelRefractorTelescope", "White solar telescope and its backpack", eclipsmartTravelRefractor),
  product("LensCleaningKit", "Spray bottle, brush, lens pen and cloth", lensCleaningKit),
  product("RoofBinoculars", "Roof-prism binoculars", roofBinoculars),
  product("SolarSystemColorImager", "Planetary camera and the planet it took", solarSystemColorImager),
  product("RedFlashlight", "Torch with a red beam", redFlashlight),
  product("OpticalTubeAssembly", "Wide astrograph tube on its rail", opticalTubeAssembly),
  product("SolarFilter", "Solar filter with the sun behind it", solarFilter),
  product("TheCometBook", "Old leather book with a golden comet", cometBook),
  {
    path: "/Banner.png",
    source: "Banner.svg",
    title: "Telescope under the Milky Way",
    size: { width: bannerWidth, height: bannerHeight },
    rendering: "opaque",
    widths: [800, 1600],
    draw: banner,
  },
  { path: "/opentelemetry-demo-logo.png", rendering: "transparent", widths: [640], ...logotype },
  { path: "/orrery-logo.svg", rendering: "vector", widths: [], ...logotype },
  {
    path: "/favicon.svg",
    source: "favicon.svg",
    title: "Orrery",
    size: { width: 64, height: 64 },
    rendering: "vector",
    widths: [],
    draw: favicon,
  },
];

/** The SVG document of a picture. */
export function drawing({ size, title, draw }: Artwork): string {
  const sheet = createSheet();
  const body = draw(sheet);
  return sheet.close({ ...size, title }, body);
}
