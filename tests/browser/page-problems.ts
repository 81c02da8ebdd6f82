import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** What axe finds on a page, and whether it is wider than the window. */
export async function pageProblems(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const problems = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  const width = page.viewportSize()?.width;
  const pageWidth = await page.evaluate("document.documentElement.scrollWidth");
  return pageWidth === width ? problems : [...problems, `the page is ${pageWidth} px wide`];
}
