import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";

const folder = join(import.meta.dirname, "..", "docs", "images");

/** Pictures of the documents: 1280 wide, as a light page on a still screen. */
export const pictureScreen = {
  viewport: { width: 1280, height: 800 },
  locale: "en-US",
  colorScheme: "light",
  reducedMotion: "reduce",
} as const;

/** What a page shows when it is at rest. */
export async function screenshot(page: Page, height?: number): Promise<Buffer> {
  await page.evaluate("document.fonts.ready");
  // Charts are drawn, and pictures faded in, after the text is there.
  await page.waitForTimeout(1_500);
  const size = page.viewportSize();
  if (size === null || height === undefined) return page.screenshot();
  return page.screenshot({ clip: { x: 0, y: 0, width: size.width, height } });
}

/** Writes a picture of the documents; the colours are few, so that the file is small. */
export async function writePicture(name: string, image: Sharp): Promise<void> {
  const { size } = await image
    .png({ palette: true, colours: 128, compressionLevel: 9 })
    .toFile(join(folder, `${name}.png`));
  console.log(`${name}.png ${Math.round(size / 1000)} kB`);
}

/** Takes a picture of a page. */
export async function picture(page: Page, name: string, height?: number): Promise<void> {
  await writePicture(name, sharp(await screenshot(page, height)));
}
