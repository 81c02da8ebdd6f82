import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Page } from "playwright-core";
import { FlagService } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { PaymentService } from "../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { prometheusFiles } from "../../src/deploy/prometheus.ts";
import { writeRenderedFiles } from "../../src/deploy/write-rendered-files.ts";
import { shopObjectives } from "../../src/observatory/objectives/shop-objectives.ts";
import { services } from "../../src/services/index.ts";
import { launchBrowser, newShopper } from "../browser/browser.ts";
import { api, Customer, flashlight, goodCard, telescope } from "../customer.ts";
import { remoteClient } from "../remote-client.ts";
import { startNativeMesh } from "./native-mesh.ts";

/** The native mesh, with measurements every few seconds, and where what watches it is asked. */
export interface WholeStack {
  /** Envoy's address. */
  readonly url: string;
  /** Sets the flags that all services follow. */
  readonly flags: Client<typeof FlagService>;
  /** A service's own address. */
  urlOf(service: string): string;
  /** Base addresses of what Grafana asks. */
  readonly backends: { readonly metrics: string; readonly traces: string; readonly logs: string };
  /** Stops payment and image-provider, as a roll-out does, and brings them back afterwards. */
  withoutSome(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export async function startWholeStack(): Promise<WholeStack> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-rules-"));
  const files = prometheusFiles({ services, objectives: shopObjectives, evaluationSeconds: 2 });
  const [configuration = ""] = await writeRenderedFiles(folder, files);
  const mesh = await startNativeMesh({
    environment: { OTEL_METRIC_EXPORT_INTERVAL: "2000", LOAD_GENERATOR_VUS: "3" },
    settings: { prometheus: { "config.file": configuration }, collector: { COLLECTOR_FLUSH_INTERVAL: "2s" } },
    restarts: false,
  });
  const { stack } = mesh;
  const urlOf = (name: string) => `http://${stack.addressOf(name)}`;
  return {
    url: stack.url,
    flags: createClient(FlagService, createConnectTransport({ baseUrl: stack.url, httpVersion: "1.1" })),
    urlOf,
    backends: { metrics: urlOf("prometheus"), traces: `${urlOf("jaeger")}/jaeger/ui`, logs: urlOf("loki") },
    async withoutSome(meanwhile) {
      const leaving = ["payment", "image-provider"].map((name) => stack.program(name));
      await Promise.all(leaving.map((program) => program.stop()));
      await meanwhile();
      await Promise.all(leaving.map((program) => program.start()));
    },
    async stop() {
      await mesh.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Everything that customers do, well and badly, again and again until it is stopped. */
export class Traffic {
  readonly #stack: WholeStack;
  readonly #ended: Promise<unknown>;
  #isOver = false;
  placed = 0;
  /** Orders and pictures that could not be had. */
  readonly failed = { orders: 0, pictures: 0 };

  constructor(stack: WholeStack) {
    this.#stack = stack;
    const again = async (visit: () => Promise<void>, pauseMs: number) => {
      while (!this.#isOver) {
        // What is away for a while does not end the visits.
        await visit().catch(() => {});
        await sleep(pauseMs);
      }
    };
    this.#ended = Promise.all([again(() => this.#buys(), 100), again(() => this.#looksAround(), 150)]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #buys(): Promise<void> {
    const { url } = this.#stack;
    const customer = new Customer(url);
    await customer.puts(flashlight);
    await customer.puts(telescope, 2);
    await api(url, `/api/cart?sessionId=${customer.userId}&currencyCode=EUR`);
    const userCurrency = this.placed % 2 === 0 ? "EUR" : "USD";
    const { status } = await customer.checksOut({ changes: { userCurrency } });
    if (status === 200) this.placed++;
    if (status >= 500) this.failed.orders++;
    await customer.puts(flashlight);
    await customer.checksOut({ changes: { creditCard: { ...goodCard, creditCardExpirationYear: 2020 } } });
  }

  async #looksAround(): Promise<void> {
    const { url } = this.#stack;
    for (const path of [
      "/",
      "/api/products?currencyCode=CHF",
      `/api/products/${flashlight}?currencyCode=USD`,
      `/api/products/nothing`,
      `/api/recommendations?productIds=${flashlight}&sessionId=s&currencyCode=EUR`,
      "/api/data?contextKeys=telescopes",
      "/api/data",
      "/api/currency",
    ]) {
      await api(url, path);
    }
    const { status } = await api(url, "/images/products/SolarFilter.jpg");
    if (status >= 500) this.failed.pictures++;
    await remoteClient(url, ProductCatalogService).searchProducts({ query: "telescope" });
  }
}

/** Somebody who comes with a browser, whose page fails once, and who leaves. */
export async function visitWithBrowser(url: string): Promise<void> {
  const browser = await launchBrowser();
  try {
    const context = await newShopper(browser, url);
    const page = await context.newPage();
    await page.goto("/");
    await page.locator(`a[href="/product/${flashlight}"]`).first().click();
    await page.locator('[data-cy="product-add-to-cart"]').click();
    await page.waitForURL("**/cart");
    await failOnce(page);
    // Measurements of a page are told when it is left.
    await page.goto("/");
    await page.waitForLoadState("networkidle");
    await page.close({ runBeforeUnload: true });
    await context.close();
  } finally {
    await browser.close();
  }
}

async function failOnce(page: Page): Promise<void> {
  const failed = page.waitForEvent("pageerror");
  await page.evaluate("setTimeout(() => { throw new Error('a test of errors'); }, 0)");
  await failed;
}

/** Charges a card and gives the money back, as checkout does when an order cannot be finished. */
export async function refundOnce({ urlOf }: WholeStack): Promise<void> {
  const payment = remoteClient(urlOf("payment"), PaymentService);
  const chargeKey = `regretted-${performance.now()}`;
  await payment.charge(
    { amount: { currencyCode: "EUR", units: 1n }, creditCard: goodCard },
    { headers: { "idempotency-key": chargeKey } },
  );
  await payment.refund({ chargeKey, reason: "a test's" });
}
