import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FlagService } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { AdService } from "../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { CurrencyService } from "../../gen/oteldemo/currency_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { RecommendationService } from "../../gen/oteldemo/recommendation_pb.ts";
import { flagNames, flagSource, openOwnFile, ownFileIn } from "../../src/commands/flag-source.ts";
import { withVariant } from "../../src/platform/flags/flag-document.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { errorInfo } from "../../src/platform/rpc/errors.ts";
import { flags as declared } from "../../src/services/flags.ts";
import { type ApiAnswer, api, Customer, flashlight, home, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { startShop, type TestShop } from "../shop.ts";
import { Captured } from "../telemetry/captured.ts";
import { TestFlags } from "./test-flags.ts";

interface Mapping {
  readonly flags: Readonly<
    Record<string, { readonly key: string; readonly variants: Readonly<Record<string, string>> }>
  >;
}

let folder: string;
let path: string;
let shop: TestShop;
let isStopped = false;
let mapping: Mapping;
const captured = new Captured();
/** All that the shop has answered. */
const answers: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-blind-"));
  path = join(folder, "names.json");
  shop = await startShop({
    environment: { ORRERY_BLIND: path, OTEL_METRIC_EXPORT_INTERVAL: "1000", OTEL_TRACES_SAMPLER: "always_on" },
    sinks: [captured],
  });
  mapping = JSON.parse(await readFile(path, "utf8"));
  // Services that a fault may take down have left the process before the first of them.
  await eventually(() => {
    const starts = captured.logs().filter(({ eventName }) => eventName === "process.start");
    const twice = new Set(
      starts.map(({ resource }) => resource.service).filter((name, at, all) => all.indexOf(name) !== at),
    );
    expect([...twice].sort()).toEqual(["ad", "currency", "email", "recommendation", "shipping"]);
  }, 90_000);
}, 180_000);
afterAll(async () => {
  if (!isStopped) await shop?.stop();
  await rm(folder, { recursive: true, force: true });
});

const control = () => createClient(FlagService, createConnectTransport({ baseUrl: shop.url, httpVersion: "1.1" }));

function outside(key: string, variant: string): { readonly key: string; readonly variant: string } {
  const flag = mapping.flags[key];
  return { key: flag?.key ?? "", variant: flag?.variants[variant] ?? "" };
}

async function during<T>(key: string, variant: string, work: () => Promise<T>): Promise<T> {
  await control().setFlag(outside(key, variant));
  try {
    return await work();
  } finally {
    await control().clearFlags({ keys: [outside(key, variant).key] });
  }
}

async function asked(answer: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const given = await answer;
  answers.push(`${JSON.stringify(given.body)} ${JSON.stringify([...given.headers])}`);
  return given;
}

/** Keeps what a call says when it fails, which some are to do. */
async function called(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error: unknown) => {
      const { message, metadata } = ConnectError.from(error);
      answers.push(JSON.stringify([message, [...metadata], errorInfo(error)]));
      return false;
    },
  );
}

const oneDollarInEuro = { from: { currencyCode: "USD", units: 1n, nanos: 0 }, toCode: "EUR" };

/** Somebody looks at everything and buys something, in three currencies and in two countries. */
async function traffic(): Promise<ApiAnswer> {
  const { process, url } = shop;
  const customer = new Customer(url, `0${crypto.randomUUID().slice(1)}`);
  await Promise.all([
    asked(api(url, `/api/products/${telescope}`)),
    asked(
      api(url, `/api/recommendations?productIds=${telescope}`, {
        headers: { baggage: `session.id=${customer.userId}` },
      }),
    ),
    asked(api(url, `/api/data?contextKeys=travel`)),
    asked(api(url, `/api/shipping?currencyCode=CAD&address=${encodeURIComponent(JSON.stringify(home))}&itemList=[]`)),
    ...Array.from({ length: 12 }, () => called(process.client(AdService).getAds({ contextKeys: ["travel"] }))),
    called(process.client(ProductCatalogService).getProduct({ id: telescope })),
    called(process.client(RecommendationService).listRecommendations({ userId: customer.userId, productIds: [] })),
    ...["CAD", "EUR", "JPY"].map((toCode) =>
      called(process.client(CurrencyService).convert({ from: { currencyCode: "USD", units: 1n, nanos: 0 }, toCode })),
    ),
  ]);
  await asked(customer.puts(flashlight, 2));
  const order = await asked(customer.checksOut({ changes: { address: { ...home, country: "Canada" } } }));
  await called(process.client(CartService).emptyCart({ userId: customer.userId }));
  return order;
}

const keys = new RegExp(declared.map(({ key }) => key).join("|"), "i");
/** The service that hands flags out is called flagd, whether anything is on or not. */
const words = /flags?(?!d\b|d-ui|service|staff)|\bfault|inject/i;
const telling = (text: string) => keys.test(text) || words.test(text);

describe("the mapping", () => {
  it("is made for its owner alone, and has every flag", async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Object.keys(mapping.flags)).toEqual(declared.map(({ key }) => key));
  });

  it("that is broken is refused with place and reason", async () => {
    const broken = join(folder, "broken.json");
    await writeFile(broken, '{"flags": {\n  "adFailure": {"key": "x"}\n}}');
    const lines = await new OrreryProcess(["up", "--ephemeral", "--port", "0", "--no-load", "--blind", broken]).fails();
    expect(lines.at(-1)).toMatch(/broken\.json:2: flags\.adFailure: .*variants/);
  }, 60_000);

  it("is not mixed with a file that names flags", async () => {
    const plain = await TestFlags.make();
    const environment = {
      ...plain.environment,
      ORRERY_BLIND: path,
      FLAGD_PORT: "0",
      FLAGD_OFREP_PORT: "0",
      FLAGD_SYNC_PORT: "0",
    };
    const lines = await new OrreryProcess(["serve", "flagd"], environment).fails();
    await plain.remove();
    expect(lines.at(-1)).toMatch(new RegExp(`names ${declared[0]?.key}, but ORRERY_BLIND hides the names`));
  }, 60_000);
});

it("flags are handed out without names, descriptions, values and rules, by whatever protocol", async () => {
  const { url } = shop;
  const handedOut = await Promise.all([
    api(url, "/feature/api/read"),
    api(url, "/flagservice/ofrep/v1/evaluate/flags", { body: {} }),
    ...["flagd.evaluation.v1.Service", "flagd.evaluation.v2.Service"].map((service) =>
      api(url, `/flagservice/${service}/ResolveAll`, { body: {} }),
    ),
    api(url, "/orrery.flags.v1.FlagService/ListFlags", { body: {} }),
    api(url, "/orrery.flags.v1.FlagService/GetSchedule", { body: {} }),
  ]);
  for (const { status, body } of handedOut) {
    const text = JSON.stringify(body);
    expect(status).toBe(200);
    expect(text).toContain(outside("paymentFailure", "off").key);
    expect(text).not.toMatch(keys);
    expect(text).not.toMatch(/"(on|off|\d+%|\d+x|\w+sec|most|CAD)"|targetingKey|product_id|"if"/);
    for (const { description } of declared) expect(text).not.toContain(description);
  }
  const { flags } = await control().listFlags({});
  expect(
    new Set(
      flags.map(({ variants, service, fault, isAtRest }) =>
        JSON.stringify([variants.length, service, fault, isAtRest]),
      ),
    ).size,
  ).toBe(1);
});

it("processes that share the mapping agree on every flag, whoever has the file", async () => {
  const ports = { FLAGD_PORT: "0", FLAGD_OFREP_PORT: "0", FLAGD_SYNC_PORT: String(await freePort()) };
  const environment = { ORRERY_BLIND: path };
  const log = createLogger({ level: "error" });
  const names = await flagNames(environment);
  const file = await openOwnFile(ownFileIn(folder, names), names, log);
  const flagd = new OrreryProcess(["serve", "flagd"], { ...environment, ...ports, FLAGD_FILE: file.path });
  const source = await flagSource({
    environment: { ...environment, ...ports, FLAGD_HOST: "127.0.0.1" },
    handsOut: false,
    log,
  });
  const share = () => source.set.core.resolveNumberEvaluation("paymentFailure", -1).value;
  await eventually(() => expect(share()).toBe(0), 30_000);
  const { key, variant } = outside("paymentFailure", "25%");
  await file.update((document) => withVariant(document, key, variant));
  await eventually(() => expect(share()).toBe(0.25));
  await source.close();
  await flagd.terminate();
  await file.close();
}, 60_000);

describe("a fault under an opaque name", () => {
  it("has its effect, and is gone afterwards", async () => {
    const failed = await during("paymentFailure", "100%", traffic);
    expect(failed).toMatchObject({ status: 500, body: { reason: "PAYMENT_FAILED" } });
    expect((await traffic()).status).toBe(200);
  });

  it("keeps the rule that is declared for it", async () => {
    const found = (id: string) => called(shop.process.client(ProductCatalogService).getProduct({ id }));
    await during("productCatalogFailure", "on", async () => {
      expect(await found(telescope)).toBe(false);
      expect(await found(flashlight)).toBe(true);
    });
  });

  it.each([
    ["currencyConversionFailure", "EUR", () => called(shop.process.client(CurrencyService).convert(oneDollarInEuro))],
    ["adFailure", "on", () => called(shop.process.client(AdService).getAds({ contextKeys: ["travel"] }))],
    [
      "recommendationCohortFailure",
      "on",
      async () => {
        const path = `/api/recommendations?productIds=${telescope}`;
        return (await asked(api(shop.url, path, { headers: { baggage: "session.id=1abc" } }))).status === 200;
      },
    ],
  ] as const)("takes effect in a process of its own: %s", async (key, variant, succeeds) => {
    await during(key, variant, () => eventually(async () => expect(await succeeds()).toBe(false)));
    await eventually(async () => expect(await succeeds()).toBe(true));
  });

  it("holds pictures back though no page asks for that", async () => {
    await during("imageSlowLoad", "5sec", async () => {
      const begun = performance.now();
      const { status } = await asked(api(shop.url, "/images/products/RoofBinoculars.jpg"));
      expect(status).toBe(200);
      expect(performance.now() - begun).toBeGreaterThan(4_900);
    });
  }, 30_000);

  it.each(declared.map(({ key }) => key))(
    "is not named by anybody while it is on: %s",
    async (key) => {
      const flag = declared.find((each) => each.key === key);
      const variant = Object.keys(flag?.variants ?? {}).findLast((name) => name !== flag?.resting) ?? "";
      await during(key, variant, traffic);
    },
    60_000,
  );
});

it("nothing that was answered and nothing that was exported names a flag, or says that there is one", async () => {
  await shop.stop();
  isStopped = true;
  expect(answers.length).toBeGreaterThan(200);
  expect(answers.filter(telling)).toEqual([]);
  const texts = captured.texts();
  expect(texts.size).toBeGreaterThan(400);
  expect([...texts].filter(telling)).toEqual([]);
  // What the faults do is there all the same.
  for (const symptom of [
    "CHARGE_FAILED",
    "PRODUCT_UNREADABLE",
    "RATE_UNAVAILABLE",
    "ADS_UNAVAILABLE",
    "RECOMMENDATIONS_UNAVAILABLE",
  ]) {
    expect(
      [...texts].some((text) => text.includes(symptom)),
      symptom,
    ).toBe(true);
  }
  const events = new Set(captured.logs().map(({ eventName }) => eventName));
  expect(events).toContain("process.start");
  expect([...events].filter((name) => /feature_flag|configuration/.test(name))).toEqual([]);
}, 60_000);
