import type { Format, Manifest, Raster, Rendition } from "./manifest.ts";

export interface PictureRequest {
  /** Path below the static root, decoded, without a query: `/products/RoofBinoculars.jpg`. */
  readonly path: string;
  /** The query's `w`, in pixels, as it was sent. */
  readonly width?: string | undefined;
  /** The Accept header. */
  readonly accept?: string | undefined;
}

export type Negotiated =
  | {
      readonly kind: "found";
      readonly rendition: Rendition;
      readonly contentType: string;
      /** Whether the answer depends on the Accept header and must say so with `Vary: Accept`. */
      readonly varies: boolean;
    }
  | { readonly kind: "not-found"; readonly message: string }
  | { readonly kind: "bad-width"; readonly message: string };

const contentTypes: Readonly<Record<Format, string>> = {
  avif: "image/avif",
  webp: "image/webp",
  jpg: "image/jpeg",
  png: "image/png",
  svg: "image/svg+xml",
};

/** Smallest files first: the order in which equally welcome formats are chosen. */
const preference: readonly Format[] = ["avif", "webp", "jpg", "png"];

/**
 * Chooses the rendered file for a request. Only what the manifest lists is ever found, so no path leads out of the
 * static root. AVIF and WebP go to clients that name them; a wildcard alone gets the format that the path promises.
 */
export function negotiate(manifest: Manifest, { path, width, accept }: PictureRequest): Negotiated {
  const picture = Object.hasOwn(manifest.pictures, path) ? manifest.pictures[path] : undefined;
  if (picture === undefined) {
    return { kind: "not-found", message: `there is no picture ${quoted(path)}` };
  }
  if (picture.kind === "vector") {
    if (width !== undefined) {
      return {
        kind: "bad-width",
        message: `width ${quoted(width)} is not offered: ${path} is a vector, ask without w`,
      };
    }
    return { kind: "found", rendition: picture.rendition, contentType: contentTypes.svg, varies: false };
  }
  const asked = width ?? String(picture.defaultWidth);
  const formats = Object.hasOwn(picture.widths, asked) ? picture.widths[asked] : undefined;
  if (formats === undefined) {
    const offered = Object.keys(picture.widths).join(", ");
    return { kind: "bad-width", message: `width ${quoted(asked)} is not offered for ${path}: use one of ${offered}` };
  }
  const format = welcomeFormat(picture, formats, accept);
  const rendition = formats[format];
  if (rendition === undefined) throw new Error(`the manifest lists no ${format} of ${path} at width ${asked}`);
  return {
    kind: "found",
    rendition,
    contentType: contentTypes[format],
    varies: Object.keys(formats).length > 1,
  };
}

/** RFC 9110, 12.5.1; an Accept header that welcomes nothing we have is answered with the fallback, not with 406. */
function welcomeFormat({ fallback }: Raster, formats: Partial<Record<Format, Rendition>>, accept = ""): Format {
  const qualities = parseAccept(accept);
  let chosen = fallback;
  let best = 0;
  for (const format of preference) {
    if (formats[format] === undefined) continue;
    const named = qualities.get(contentTypes[format]);
    const any = qualities.get("image/*") ?? qualities.get("*/*") ?? 0;
    const quality = named ?? (format === fallback ? any : 0);
    if (quality > best) {
      chosen = format;
      best = quality;
    }
  }
  return chosen;
}

function parseAccept(accept: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const item of accept.toLowerCase().split(",")) {
    const [type = "", ...parameters] = item.split(";").map((piece) => piece.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = q === undefined ? 1 : Number(q.slice(2));
    // A weight that is no number between 0 and 1 says nothing about what the client wants.
    if (type !== "" && quality >= 0 && quality <= 1) qualities.set(type, quality);
  }
  return qualities;
}

/** What a client sent, safe and short enough to be put in a message. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
