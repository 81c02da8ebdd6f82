import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { PaymentService } from "../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { checkedAddress } from "../../src/deploy/collector.ts";
import { prometheusFiles } from "../../src/deploy/prometheus.ts";
import { frontendProxy } from "../../src/edge/service.ts";
import { shopObjectives } from "../../src/observatory/objectives/shop-objectives.ts";
import { services } from "../../src/services/index.ts";
import { collector, presetsSetting } from "../../src/stack/engines/collector.ts";
import { jaeger } from "../../src/stack/engines/jaeger.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { loki } from "../../src/stack/engines/loki.ts";
import { prometheus } from "../../src/stack/engines/prometheus.ts";
import { valkey } from "../../src/stack/engines/valkey.ts";
import { launchBrowser, newShopper } from "../browser/browser.ts";
import { api, Customer, flashlight, goodCard, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { Mesh } from "../mesh.ts";
import type { OrreryProcess } from "../orrery-process.ts";
import { remoteClient } from "../remote-client.ts";
import { startProxy } from "./envoy-proxy.ts";
import { startConfigured } from "./monitoring.ts";
import { startTestEngine } from "./native-engine.ts";

/** The shop behind Envoy, on Kafka, Valkey and PostgreSQL, and all that watches it. */
export interface WholeStack {
  readonly mesh: Mesh;
  /** Envoy's address. */
  readonly url: string;
  /** Base addresses of what Grafana asks. */
  readonly backends: { readonly metrics: string; readonly traces: string; readonly logs: string };
  /** Stops payment and image-provider, which share a process, as a roll-out does, and brings them back afterwards. */
  withoutSome(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export async function startWholeStack(): Promise<WholeStack> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.toReversed()) await one();
  };
  try {
    const start = async (...args: Parameters<typeof startTestEngine>) => {
      const started = await startTestEngine(...args);
      stops.push(started.remove);
      return started.engine;
    };
    const mesh = await Mesh.open();
    stops.push(() => mesh.close());
    const rules = prometheusFiles({ services, objectives: shopObjectives, evaluationSeconds: 2 });
    const [broker, carts, logs, metrics] = await Promise.all([
      start(kafka),
      start(valkey),
      start(loki),
      startConfigured(prometheus, rules),
    ]);
    stops.push(metrics.remove);
    const traces = await start(jaeger, { PROMETHEUS_ADDR: metrics.engine.address });
    const { host, port } = mesh.database;
    const pipeline = await start(collector, {
      [presetsSetting]: "stores,checks",
      JAEGER_OTLP_ADDR: `127.0.0.1:${traces.ports.otlp}`,
      LOKI_ADDR: logs.address,
      PROMETHEUS_ADDR: metrics.engine.address,
      KAFKA_ADDR: broker.address,
      VALKEY_ADDR: carts.address,
      POSTGRES_HOST: host,
      POSTGRES_PORT: String(port),
      POSTGRES_TRANSPORT: "unix",
      POSTGRES_MONITORING_USER: "postgres",
      ...Object.fromEntries(
        services.map((service) => [checkedAddress(service), new URL(mesh.urlOf(service.name)).host]),
      ),
      COLLECTOR_FLUSH_INTERVAL: "2s",
    });
    const proxy = await startProxy({
      ...Object.fromEntries(frontendProxy.calls.map((name) => [name, new URL(mesh.urlOf(name)).host])),
      "otel-collector": pipeline.address,
      "otel-collector-http": `127.0.0.1:${pipeline.ports.http}`,
    });
    stops.push(() => proxy.remove());
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${pipeline.address}`,
      OTEL_METRIC_EXPORT_INTERVAL: "2000",
      PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${proxy.url}/otlp-http/v1/traces`,
      KAFKA_ADDR: broker.address,
      VALKEY_ADDR: `redis://${carts.address}`,
    };
    const mayLeave = ["payment", "image-provider"];
    let leaving: OrreryProcess = mesh.serve(mayLeave, environment);
    const elsewhere = [...mayLeave, "frontend-proxy", "observatory"];
    mesh.serve(
      services.map(({ name }) => name).filter((name) => !elsewhere.includes(name)),
      environment,
    );
    await eventually(async () => {
      const customer = new Customer(proxy.url);
      expect((await customer.puts(flashlight)).status).toBe(200);
      expect((await customer.checksOut()).status).toBe(200);
    }, 90_000);
    return {
      mesh,
      url: proxy.url,
      backends: {
        metrics: `http://${metrics.engine.address}`,
        traces: `http://${traces.address}/jaeger/ui`,
        logs: `http://${logs.address}`,
      },
      async withoutSome(meanwhile) {
        await mesh.terminate([leaving]);
        await meanwhile();
        leaving = mesh.serve(mayLeave, environment);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Everything that customers do, well and badly, again and again until it is stopped. */
export class Traffic {
  readonly #stack: WholeStack;
  readonly #ended: Promise<unknown>;
  #isOver = false;
  placed = 0;

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
    if ((await customer.checksOut({ changes: { userCurrency } })).status === 200) this.placed++;
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
      "/images/products/SolarFilter.jpg",
    ]) {
      await api(url, path);
    }
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
export async function refundOnce(mesh: Mesh): Promise<void> {
  const payment = remoteClient(mesh.urlOf("payment"), PaymentService);
  const chargeKey = `regretted-${performance.now()}`;
  await payment.charge(
    { amount: { currencyCode: "EUR", units: 1n }, creditCard: goodCard },
    { headers: { "idempotency-key": chargeKey } },
  );
  await payment.refund({ chargeKey, reason: "a test's" });
}
