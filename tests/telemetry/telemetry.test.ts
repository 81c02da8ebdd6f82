import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CurrencyService } from "../../gen/oteldemo/currency_pb.ts";
import {
  attributeTypes,
  event,
  eventAttributes,
  metric,
  resourceAttributeTypes,
  spanAttributes,
} from "../../gen/telemetry/registry.ts";
import { spanKind } from "../../src/observatory/otlp/traces.ts";
import { services } from "../../src/services/index.ts";
import { api, Customer, flashlight, home, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";
import { Captured } from "./captured.ts";

const captured = new Captured();
/** Emitted by browsers, which these tests do without; see tests/browser. */
const fromBrowsers = ["session.start", "browser.web_vital", "exception"];
/** Emitted by people and their pipelines. */
const fromPipelines: readonly string[] = [event.serviceDeployment, event.configurationChange];
/** Emitted when something fails that no visit can make fail. */
const inTroubleOnly = ["service.not_ready", "http.request.failed"];
/** Of the load generator, which does not take part; see tests/load. */
const isOfLoad = (name: string) => /^(demo\.)?load\.|^http\.client\.request/.test(name);
const running = services.filter(({ name, isOptional }) => !["observatory", "scenarios"].includes(name) && !isOptional);

const person = {
  email: `ada.${randomUUID()}@example.org`,
  street: "12 St James's Square",
  card: "4432-8015-6152-0454",
};
let flags: TestFlags;
let shop: TestShop;
let orderId: string;
let traceId: string;

/** Takes every path through the shop. */
async function visit(): Promise<void> {
  const session = randomUUID();
  const headers = { baggage: `session.id=${session},enduser.id=${session},synthetic_request=true` };
  const buyer = new Customer(shop.url);
  for (const path of [
    "/",
    "/api/products?currencyCode=EUR",
    `/api/products/${telescope}`,
    "/api/products?query=telescope",
    "/api/currency",
    "/api/data?contextKeys=telescopes",
    "/api/data",
    `/api/recommendations?productIds=${telescope}`,
    `/api/shipping?itemList=${encodeURIComponent(`[{"productId":"${telescope}","quantity":1}]`)}&currencyCode=EUR`,
    "/images/products/SolarFilter.jpg?w=320",
  ]) {
    expect((await fetch(shop.url + path, { headers })).status, path).toBe(200);
  }
  await buyer.puts(flashlight, 2);
  await buyer.puts(telescope);
  const address = { ...home, streetAddress: person.street };
  const placed = await api(shop.url, "/api/checkout?currencyCode=EUR", {
    headers,
    body: buyer.order({ email: person.email, address }),
  });
  expect(placed.status).toBe(200);
  orderId = placed.body.orderId;
  await api(shop.url, `/api/orders?sessionId=${buyer.userId}`);
  await api(shop.url, "/api/cart", { method: "DELETE", body: { userId: buyer.userId } });

  const unlucky = new Customer(shop.url);
  await unlucky.puts(flashlight);
  const creditCard = { ...(unlucky.order().creditCard as object), creditCardExpirationYear: 2020 };
  expect((await unlucky.checksOut({ changes: { creditCard } })).status).toBe(402);
  const lost = shop.network.breaks({ target: "oteldemo.ShippingService/ShipOrder", kind: "lost" });
  const unshipped = await api(shop.url, "/api/checkout", { headers: lost.headers, body: unlucky.order() });
  expect(unshipped.status).toBe(503);
  lost.repair();
  await eventually(async () => {
    const rows = await shop.sql`select 1 from checkout.orders where state = 'refunded'`;
    expect(rows).toHaveLength(1);
  });

  await flags.during(shop.url, "productCatalogFailure", "on", async () => {
    expect((await fetch(`${shop.url}/api/products/${telescope}`)).status).toBe(500);
  });

  const grpc = createGrpcTransport({ baseUrl: shop.url });
  await createClient(CurrencyService, grpc).convert({
    from: { currencyCode: "USD", units: 1n, nanos: 0 },
    toCode: "EUR",
  });
  // A message twice, as a broker may deliver it.
  await shop.sql`
    with reserved as (update events.topics set next_offset = next_offset + 1 returning topic, next_offset - 1 as position)
    insert into events.log (topic, "offset", key, value, headers)
    select log.topic, position, key, value, headers from reserved join events.log using (topic) limit 1`;
  await eventually(async () => {
    expect((await fetch(`${shop.url}/mail/${orderId}.txt`)).status).toBe(200);
  });
}

beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({
    sinks: [captured],
    environment: { ...flags.environment, OTEL_METRIC_EXPORT_INTERVAL: "200" },
  });
  await visit();
  await eventually(() => {
    const told = captured.logs().map(({ eventName }) => eventName);
    expect(told).toEqual(expect.arrayContaining([event.fraudOrderScored, event.accountingOrderDuplicateSkipped]));
    const names = new Set(captured.metrics().map(({ name }) => name));
    expect([...names]).toContain(metric.demoFraudVerdicts.name);
  });
  await shop.stop();
  traceId =
    captured
      .logs()
      .find(
        ({ eventName, attributes }) => eventName === event.orderPlaced && attributes.get("demo.order.id") === orderId,
      )?.traceId ?? "";
});

afterAll(async () => {
  await shop?.stop();
  await flags.remove();
});

function kindOf(span: { readonly kind: number; readonly attributes: ReadonlyMap<string, unknown> }): string {
  const { kind, attributes } = span;
  if (attributes.has("rpc.method")) return kind === spanKind.server ? "rpc.server" : "rpc.client";
  if (attributes.has("messaging.system"))
    return kind === spanKind.producer ? "messaging.producer" : "messaging.consumer";
  if (attributes.has("db.system.name")) return "db.client";
  return kind === spanKind.server ? "http.server" : "http.client";
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "string[]";
  if (typeof value === "number") return "number";
  return typeof value;
}

function isOfType(value: unknown, type: string | undefined): boolean {
  if (type === "int" || type === "double")
    return typeof value === "number" && (type === "double" || Number.isInteger(value));
  return typeName(value) === type;
}

describe("what the shop emits is what the registry declares", () => {
  it("spans: every attribute is declared for its kind of span, and of its type", () => {
    const wrong = new Set<string>();
    for (const span of captured.spans()) {
      const declared = spanAttributes[kindOf(span)] ?? [];
      for (const [key, value] of span.attributes) {
        if (!declared.includes(key)) wrong.add(`${kindOf(span)} ${span.name}: ${key} is not declared`);
        else if (!isOfType(value, attributeTypes[key])) wrong.add(`${span.name}: ${key} is ${JSON.stringify(value)}`);
      }
    }
    expect([...wrong]).toEqual([]);
  });

  it("log records: every event and attribute is declared; nothing else is logged on a visit", () => {
    const wrong = new Set<string>();
    for (const { eventName, body, attributes, resource } of captured.logs()) {
      const declared = eventAttributes[eventName];
      if (declared === undefined) wrong.add(`${resource.service}: ${eventName || body}`);
      for (const [key, value] of attributes) {
        if (declared !== undefined && !declared.includes(key)) wrong.add(`${eventName}: ${key} is not declared`);
        else if (!isOfType(value, attributeTypes[key])) wrong.add(`${eventName}: ${key} is ${JSON.stringify(value)}`);
      }
    }
    expect([...wrong]).toEqual([]);
  });

  it("metrics: name, unit, instrument and attributes are declared", () => {
    const wrong = new Set<string>();
    const declared = new Map<string, (typeof metric)[keyof typeof metric]>(
      Object.values(metric).map((one) => [one.name, one]),
    );
    const types: Readonly<Record<string, string>> = { updowncounter: "up_down_counter" };
    for (const { name, unit, type, description, points } of captured.metrics()) {
      const one = declared.get(name);
      if (one === undefined) {
        wrong.add(`${name} is not declared`);
        continue;
      }
      if (unit !== one.unit) wrong.add(`${name} has unit ${unit}`);
      if (description !== one.description) wrong.add(`${name} is described as ${description}`);
      if (type !== (types[one.instrument] ?? one.instrument)) wrong.add(`${name} is a ${type}`);
      for (const { attributes } of points) {
        for (const key of attributes.keys()) {
          if (!(one.attributes as readonly string[]).includes(key)) wrong.add(`${name}: ${key} is not declared`);
        }
      }
    }
    expect([...wrong]).toEqual([]);
  });

  it("resources: every service has its own, with its name, instance and criticality", () => {
    const wrong = new Set<string>();
    const instances = new Map<string, Set<string>>();
    for (const { resource } of [...captured.spans(), ...captured.logs(), ...captured.metrics()]) {
      const attributes = JSON.parse(resource.json) as Record<string, unknown>;
      for (const [key, value] of Object.entries(attributes)) {
        if (!isOfType(value, resourceAttributeTypes[key]))
          wrong.add(`${resource.service}: ${key}=${JSON.stringify(value)}`);
      }
      const declared = services.find(({ name }) => name === resource.service);
      if (declared !== undefined && attributes["service.criticality"] !== declared.criticality) {
        wrong.add(`${resource.service} has criticality ${attributes["service.criticality"]}`);
      }
      const seen = instances.get(resource.service) ?? new Set();
      instances.set(resource.service, seen.add(String(attributes["service.instance.id"])));
    }
    expect([...wrong]).toEqual([]);
    expect([...instances.values()].every((seen) => seen.size === 1)).toBe(true);
    expect([...instances.keys()].sort()).toEqual([...running.map(({ name }) => name), "orrery"].sort());
  });

  it("all that is declared is emitted", () => {
    const events = new Set(captured.logs().map(({ eventName }) => eventName));
    const metrics = new Set(captured.metrics().map(({ name }) => name));
    const kinds = new Set(captured.spans().map(kindOf));
    const silent = [
      ...Object.keys(eventAttributes).filter(
        (name) => !events.has(name) && ![...fromBrowsers, ...fromPipelines, ...inTroubleOnly].includes(name),
      ),
      ...Object.values(metric).flatMap(({ name }) => (metrics.has(name) ? [] : [name])),
      ...Object.keys(spanAttributes).filter((kind) => !kinds.has(kind) && !kind.startsWith("browser.")),
    ];
    expect(silent.filter((name) => !isOfLoad(name))).toEqual([]);
  });
});

describe("one order", () => {
  it("is one trace, from the proxy to both consumers and the mail", () => {
    const ofTrace = captured.spans().filter((span) => span.traceId === traceId);
    const seen = new Set(ofTrace.map(({ resource }) => resource.service));
    expect([...seen].sort()).toEqual([
      "accounting",
      "cart",
      "checkout",
      "currency",
      "email",
      "fraud-detection",
      "frontend",
      "frontend-proxy",
      "payment",
      "product-catalog",
      "quote",
      "shipping",
    ]);
    const ids = new Set(ofTrace.map(({ spanId }) => spanId));
    const roots = ofTrace.filter(({ parentSpanId }) => !ids.has(parentSpanId));
    expect(roots.map(({ name }) => name)).toEqual(["POST /api/checkout"]);
  });

  it("is told by logs that carry its trace", () => {
    const told = captured.logs().filter((record) => record.traceId === traceId);
    expect(told.map(({ eventName }) => eventName)).toEqual(
      expect.arrayContaining([
        event.orderPrepared,
        event.paymentCharged,
        event.orderCharged,
        event.orderShipped,
        event.orderPlaced,
        event.accountingOrderBooked,
        event.fraudOrderScored,
        event.emailConfirmationWritten,
      ]),
    );
  });

  it("keeps whose session it is at every hop, consumers included", () => {
    const server = captured.spans().filter((span) => span.traceId === traceId && span.kind === spanKind.server);
    const sessions = new Set(server.map(({ attributes }) => attributes.get("session.id")));
    expect(sessions.size).toBe(1);
    expect([...sessions][0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it.each([
  "http.server.request.duration",
  "rpc.client.call.duration",
  "rpc.server.call.duration",
  "demo.order.duration",
])("%s has exemplars, and each tells a span of a trace that was exported", (name) => {
  const spans = new Set(captured.spans().map(({ traceId, spanId }) => `${traceId} ${spanId}`));
  const points = captured.metrics().flatMap((found) => (found.name === name ? found.points : []));
  const exemplars = points.flatMap((point) => point.exemplars);
  expect(exemplars).not.toEqual([]);
  expect(exemplars.filter(({ traceId, spanId }) => !spans.has(`${traceId} ${spanId}`))).toEqual([]);
  for (const { exemplars: own, bounds, buckets } of points) {
    for (const { value } of own) {
      const bucket = bounds.findIndex((bound) => value <= bound);
      expect(buckets.at(bucket)).toBeGreaterThan(0);
    }
  }
});

describe("the edges between services", () => {
  it("are those that are declared: each appears as parent and child, and no other does", () => {
    const spans = captured.spans();
    const byId = new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span]));
    const seen = new Set<string>();
    for (const span of spans) {
      const parent = byId.get(`${span.traceId}/${span.parentSpanId}`);
      if (parent === undefined || parent.resource.service === span.resource.service) continue;
      // What travels by the event log is no call.
      if (span.kind === spanKind.consumer) continue;
      seen.add(`${parent.resource.service} -> ${span.resource.service}`);
    }
    const declared = running.flatMap(({ name, calls }) => calls.map((callee) => `${name} -> ${callee}`));
    // The front proxy may pass calls on to any service; the visit made one.
    const expected = declared.filter(
      (edge) => !edge.startsWith("frontend-proxy") || /frontend$|image-provider$|email$|currency$/.test(edge),
    );
    expect([...seen].sort()).toEqual(expected.sort());
  });
});

it("tells no card, address or e-mail address of anybody in any signal", () => {
  const { bytes } = captured;
  expect(bytes.length).toBeGreaterThan(100_000);
  for (const secret of [
    person.email,
    person.street,
    "St James",
    person.card,
    person.card.replaceAll("-", ""),
    "Mountain View",
  ]) {
    expect(bytes.includes(Buffer.from(secret)), secret).toBe(false);
  }
  const text = bytes.toString("latin1");
  // A part of the card by itself; as a part of more it may be of a random number.
  expect([...captured.texts()].filter((each) => /\b(?:8015|6152)\b/.test(each))).toEqual([]);
  expect(/8015\D?6152/.test(text)).toBe(false);
  const addresses = text.match(/[\w.-]+@[\w-]+\.(?:com|org)/g) ?? [];
  // The one that is there to be redacted, see demo.redaction.example.
  expect(new Set(addresses)).toEqual(new Set(["user@example.com"]));
});
