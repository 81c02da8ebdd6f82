import { ROOT_CONTEXT, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { type Browser, type BrowserContext, errors, type Page } from "playwright-core";
import { attribute } from "../../gen/telemetry/registry.ts";
import type { SeededRandom } from "../domain/seeded-random.ts";
import { launchBrowser } from "./chromium.ts";
import type { Failure } from "./failure.ts";
import { errorType, type VisitContext } from "./visit.ts";

/** After a task a page stays so long, that its telemetry gets away, in milliseconds. */
const lingerMs = 2_000;
/** What a page needs is waited for so long, in milliseconds; the OpenTelemetry Demo's browser users have the same. */
const pageMs = 25_000;
const linkMs = 15_000;

const product = "/product/2ZYFJ3GM2N";
const picture = "/images/products/RoofBinoculars.jpg";

/** A headless browser for all users who open pages. */
export class LoadBrowser {
  readonly #browser: Browser;
  readonly #target: URL;

  private constructor(browser: Browser, target: URL) {
    this.#browser = browser;
    this.#target = target;
  }

  /** @throws ConfigError when there is no browser */
  static async open(target: URL): Promise<LoadBrowser> {
    return new LoadBrowser(await launchBrowser(), target);
  }

  async newUser(context: VisitContext, random: SeededRandom): Promise<BrowserUser> {
    const pages = await this.#browser.newContext({
      baseURL: this.#target.href,
      extraHTTPHeaders: { baggage: "synthetic_request=true" },
    });
    return new BrowserUser(pages, context, random);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** Somebody who does in a browser what the OpenTelemetry Demo's browser users do. */
export class BrowserUser {
  readonly #pages: BrowserContext;
  readonly #of: VisitContext;
  readonly #random: SeededRandom;

  constructor(pages: BrowserContext, of: VisitContext, random: SeededRandom) {
    this.#pages = pages;
    this.#of = of;
    this.#random = random;
  }

  async leave(): Promise<void> {
    await this.#pages.close();
  }

  async doSomething(signal: AbortSignal): Promise<void> {
    if (this.#random.fraction() < 0.5) await this.#do("browser_change_currency", changeCurrency, signal);
    else await this.#do("browser_add_to_cart", addToCart, signal);
  }

  async #do(name: string, steps: (page: Page) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { statistics, telemetry } = this.#of;
    const attributes = { [attribute.demoSyntheticRequest]: "true" };
    const span = telemetry.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, ROOT_CONTEXT);
    const page = await this.#pages.newPage();
    const begun = performance.now();
    let failure: Failure | undefined;
    try {
      await steps(page);
    } catch (error) {
      failure = failureOf(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: failure.detail });
      span.setAttribute(attribute.errorType, errorType(failure));
      this.#of.onFailure?.(failure, name);
    }
    const ms = performance.now() - begun;
    statistics.request({ name, ms, serviceMs: ms, failure });
    statistics.task(name, failure !== undefined);
    span.end();
    if (!signal.aborted) await page.waitForTimeout(lingerMs);
    await page.close();
  }
}

async function changeCurrency(page: Page): Promise<void> {
  await page.goto("/cart", { timeout: pageMs });
  await page.selectOption('[name="currency_code"]', "CHF", { timeout: linkMs });
}

async function addToCart(page: Page): Promise<void> {
  const shown = page.waitForResponse((response) => new URL(response.url()).pathname === picture, { timeout: pageMs });
  await Promise.all([shown, page.goto("/", { timeout: pageMs })]);
  await page.click(`a[href="${product}"]`, { timeout: linkMs });
  await page.click('[data-cy="product-add-to-cart"]', { timeout: pageMs });
  // The shop leads to the cart when the product is in it.
  await page.waitForURL("**/cart", { timeout: pageMs });
}

function failureOf(error: unknown): Failure {
  const [line = ""] = String(error instanceof Error ? error.message : error).split("\n", 1);
  if (error instanceof errors.TimeoutError) return { kind: "timeout", detail: line.slice(0, 120) };
  const [, code] = /net::(ERR_[A-Z_]+)/.exec(line) ?? [];
  return code === undefined ? { kind: "content", detail: line.slice(0, 120) } : { kind: "connection", detail: code };
}
