/** The formats in which pictures are kept. */
export type Format = "avif" | "webp" | "jpg" | "png" | "svg";

/** One rendered file below the static root. */
export interface Rendition {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A picture in pixels: width to format to file. */
export interface Raster {
  readonly kind: "raster";
  readonly source: string;
  readonly sourceSha256: string;
  /** What a client gets that names no format it prefers. */
  readonly fallback: Format;
  /** Pixels, when the request names none. */
  readonly defaultWidth: number;
  readonly widths: Readonly<Record<string, Readonly<Partial<Record<Format, Rendition>>>>>;
}

/** A picture that is served as it was drawn. */
export interface Vector {
  readonly kind: "vector";
  readonly source: string;
  readonly sourceSha256: string;
  readonly rendition: Rendition;
}

export type Picture = Raster | Vector;

/** What there is to serve, by path below the static root; written by render-artwork.ts to static/manifest.json. */
export interface Manifest {
  readonly pictures: Readonly<Record<string, Picture>>;
}
