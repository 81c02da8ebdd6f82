// Draws the pictures of the shop and renders those whose drawing has changed:
//   node src/services/image-provider/render-artwork.ts [--all]
// --all renders every picture, as a change of the encoders below needs.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Resvg } from "@resvg/resvg-js";
import sharp, { type Sharp } from "sharp";
import { logoInk } from "./artwork/drawings/logo.ts";
import { type Artwork, drawing, pictures } from "./artwork/pictures.ts";
import type { Format, Manifest, Picture, Rendition } from "./manifest.ts";

const artworkRoot = new URL("./artwork/", import.meta.url);
const staticRoot = new URL("./static/", import.meta.url);
const manifestFile = new URL("manifest.json", staticRoot);

const encode: Readonly<Record<Exclude<Format, "svg">, (image: Sharp) => Sharp>> = {
  // Full chroma: red and amber edges on indigo smear without it.
  avif: (image) => image.avif({ quality: 58, effort: 5, chromaSubsampling: "4:4:4" }),
  webp: (image) => image.webp({ quality: 82, effort: 6, smartSubsample: true }),
  jpg: (image) =>
    image.flatten({ background: "#10143a" }).jpeg({ quality: 80, mozjpeg: true, chromaSubsampling: "4:4:4" }),
  png: (image) => image.png({ compressionLevel: 9, palette: true, quality: 95 }),
};

/** Flat colours and an alpha channel: without loss, WebP is the smaller one. */
const losslessWebp = (image: Sharp) => image.webp({ lossless: true, effort: 6 });

const formatsOf = { opaque: ["avif", "webp", "jpg"], transparent: ["webp", "png"] } as const;

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function store(file: string, content: string | Uint8Array): Promise<Rendition> {
  const target = new URL(file, staticRoot);
  await mkdir(new URL(".", target), { recursive: true });
  await writeFile(target, content);
  return { file, bytes: Buffer.byteLength(content), sha256: sha256(content) };
}

async function render(artwork: Artwork, svg: string): Promise<Picture> {
  const origin = { source: artwork.source, sourceSha256: sha256(svg) };
  const path = artwork.path.slice(1);
  if (artwork.rendering === "vector") return { kind: "vector", ...origin, rendition: await store(path, svg) };

  const largest = Math.max(...artwork.widths);
  const pixels = new Resvg(svg.replaceAll("currentColor", logoInk), {
    fitTo: { mode: "width", value: largest },
    font: { loadSystemFonts: false },
  })
    .render()
    .asPng();
  const widths: Record<string, Partial<Record<Format, Rendition>>> = {};
  for (const width of artwork.widths) {
    const formats: Partial<Record<Format, Rendition>> = {};
    for (const format of formatsOf[artwork.rendering]) {
      const encoder = format === "webp" && artwork.rendering === "transparent" ? losslessWebp : encode[format];
      const content = await encoder(sharp(pixels).resize({ width })).toBuffer();
      formats[format] = await store(`${path.replace(/\.\w+$/, "")}-${width}.${format}`, content);
    }
    widths[width] = formats;
  }
  const fallback = artwork.rendering === "opaque" ? "jpg" : "png";
  return { kind: "raster", ...origin, fallback, defaultWidth: largest, widths };
}

async function readManifest(): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(manifestFile, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { pictures: {} };
    throw error;
  }
}

const before = await readManifest();
const now: Record<string, Picture> = {};
for (const artwork of pictures) {
  const svg = drawing(artwork);
  await writeFile(new URL(artwork.source, artworkRoot), svg);
  const known = before.pictures[artwork.path];
  const fresh = known?.sourceSha256 === sha256(svg) && !process.argv.includes("--all");
  now[artwork.path] = fresh ? known : await render(artwork, svg);
  if (!fresh) console.log(`rendered ${artwork.path}`);
}
for (const path of Object.keys(before.pictures)) {
  if (now[path] === undefined) console.log(`no longer drawn: ${path}; remove its files from static/`);
}
await writeFile(manifestFile, `${JSON.stringify({ pictures: now }, undefined, 2)}\n`);
