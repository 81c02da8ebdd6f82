import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";

const folder = join(import.meta.dirname, "..", "docs", "images");

/** Pictures of the documents: 1280 wide, as a light page on a still screen. */
export const pictureScreen = {
  viewport: { width: 1280, height: 800 },
  locale: "en-US",
  colorScheme: "light",
  reducedMotion: "reduce",
} as const;

/** Takes a picture when the page is at rest; the colours are few, so that the file is small. */
export async function picture(page: Page, name: string, height: number = pictureScreen.viewport.height): Promise<void> {
  await page.evaluate("document.fonts.ready");
  // Charts are drawn, and pictures faded in, after the text is there.
  await page.waitForTimeout(1_500);
  const { width } = pictureScreen.viewport;
  const png = sharp(await page.screenshot({ clip: { x: 0, y: 0, width, height } })).png({
    palette: true,
    colours: 128,
    compressionLevel: 9,
  });
  const { size } = await png.toFile(join(folder, `${name}.png`));
  console.log(`${name}.png ${Math.round(size / 1000)} kB`);
}
