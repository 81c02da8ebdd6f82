import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";

const folder = join(import.meta.dirname, "..", "docs", "images");

/** What a page shows, when it is at rest. */
export async function screenshot(page: Page, height?: number): Promise<Buffer> {
  await page.evaluate("document.fonts.ready");
  // Charts are drawn, and pictures faded in, after the text is there.
  await page.waitForTimeout(1_500);
  const size = page.viewportSize();
  if (size === null || height === undefined) return page.screenshot();
  return page.screenshot({ clip: { x: 0, y: 0, width: size.width, height } });
}

/** Writes a picture for the documentation; the colours of our pages are few, so that the file is small. */
export async function write(name: string, picture: Sharp): Promise<void> {
  const { size } = await picture
    .png({ palette: true, colours: 128, compressionLevel: 9 })
    .toFile(join(folder, `${name}.png`));
  console.log(`${name}.png ${Math.round(size / 1000)} kB`);
}

export async function takePicture(page: Page, name: string, height?: number): Promise<void> {
  await write(name, sharp(await screenshot(page, height)));
}
