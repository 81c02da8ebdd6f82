import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Manifest, Rendition } from "../manifest.ts";
import { drawing, pictures } from "./pictures.ts";

const staticRoot = new URL("../static/", import.meta.url);
const manifest: Manifest = JSON.parse(await readFile(new URL("manifest.json", staticRoot), "utf8"));

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

test("the manifest lists each picture and nothing else", () => {
  expect(Object.keys(manifest.pictures)).toEqual(pictures.map(({ path }) => path));
});

describe.each(pictures)("$source ($rendering)", (artwork) => {
  test("is what its drawing gives", async () => {
    expect(await readFile(new URL(artwork.source, import.meta.url), "utf8")).toBe(drawing(artwork));
  });

  test("is what was rendered last", async () => {
    const picture = manifest.pictures[artwork.path];
    expect(picture?.sourceSha256).toBe(sha256(await readFile(new URL(artwork.source, import.meta.url))));
    const renditions: readonly Rendition[] =
      picture?.kind === "raster"
        ? Object.values(picture.widths).flatMap(Object.values)
        : picture
          ? [picture.rendition]
          : [];
    for (const { file, bytes, sha256: digest } of renditions) {
      const content = await readFile(new URL(file, staticRoot));
      expect({ file, bytes: content.length, digest: sha256(content) }).toEqual({ file, bytes, digest });
    }
  });
});

test("all renderings together stay below 4 MB", () => {
  const sizes = Object.values(manifest.pictures).flatMap((picture) =>
    picture.kind === "vector"
      ? [picture.rendition.bytes]
      : Object.values(picture.widths).flatMap((formats) => Object.values(formats).map(({ bytes }) => bytes)),
  );
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(4_000_000);
});
