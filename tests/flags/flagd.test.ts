import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { FlagdProvider } from "@openfeature/flagd-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/server-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Service as EvaluationV1 } from "../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as EvaluationV2 } from "../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import { eventually } from "../eventually.ts";
import { freePorts } from "../free-ports.ts";
import { startShop, type TestShop } from "../shop.ts";
import { TestFlags } from "./test-flags.ts";

let shop: TestShop;
let flags: TestFlags;
let port: number;
let syncPort: number;

beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ servicePorts: true, environment: { ...freePorts, ...flags.environment } });
  port = shop.process.ports.get("flagd")?.port ?? 0;
  syncPort = shop.process.ports.get("flagd (sync)")?.port ?? 0;
});
afterAll(async () => {
  await shop?.stop();
  await flags?.remove();
});

const telescope = "OLJCESPC7Z";

describe.each(["rpc", "in-process"] as const)("OpenFeature's provider for flagd, %s", (resolverType) => {
  const domain = `test-${resolverType}`;
  const client = OpenFeature.getClient(domain);

  beforeAll(async () => {
    await flags.reset();
    await OpenFeature.setProviderAndWait(
      domain,
      new FlagdProvider({ host: "localhost", port: resolverType === "rpc" ? port : syncPort, resolverType }),
    );
  });
  afterAll(() => OpenFeature.setProvider(domain, { metadata: { name: "none" } } as never));

  it("gets values of every type", async () => {
    await flags.define("text", { variants: { a: "x", b: "y" }, defaultVariant: "a" });
    await flags.define("object", { variants: { a: { x: [1] } }, defaultVariant: "a" });
    await eventually(async () => expect(await client.getObjectValue("object", {})).toEqual({ x: [1] }));
    expect(await client.getStringValue("text", "")).toBe("x");
    expect(await client.getBooleanDetails("adFailure", true)).toMatchObject({ value: false, variant: "off" });
    expect(await client.getNumberDetails("loadGeneratorVUs", 1)).toMatchObject({ value: 5, variant: "5" });
  });

  it("is told of a change, so that a value it has kept is not stale", async () => {
    const changed: string[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (details) => {
      changed.push(...(details?.flagsChanged ?? []));
    });
    expect(await client.getNumberValue("paymentFailure", 0)).toBe(0);
    await flags.set("paymentFailure", "50%");
    await eventually(async () => expect(await client.getNumberValue("paymentFailure", 0)).toBe(0.5));
    expect(changed).toContain("paymentFailure");
  });

  it("has rules evaluated for its context", async () => {
    await flags.set("productCatalogFailure", "on");
    await eventually(async () =>
      expect(await client.getBooleanDetails("productCatalogFailure", false, { product_id: telescope })).toMatchObject({
        value: true,
        reason: "TARGETING_MATCH",
      }),
    );
    expect(await client.getBooleanValue("productCatalogFailure", false, { product_id: "another" })).toBe(false);
  });

  it("gets its default for what there is not, and for another type", async () => {
    expect(await client.getBooleanDetails("nothing", true)).toMatchObject({ value: true, errorCode: "FLAG_NOT_FOUND" });
    expect(await client.getStringDetails("adHighCpu", "x")).toMatchObject({ value: "x", errorCode: "TYPE_MISMATCH" });
  });
});

describe.each([
  ["gRPC", () => createGrpcTransport({ baseUrl: `http://localhost:${port}` })],
  ["Connect over HTTP/1.1", () => createConnectTransport({ baseUrl: `http://localhost:${port}`, httpVersion: "1.1" })],
  [
    "Connect through the front proxy",
    () => createConnectTransport({ baseUrl: `${shop.url}/flagservice`, httpVersion: "1.1" }),
  ],
])("flagd's evaluation by %s", (_, transport) => {
  beforeAll(() => flags.reset());

  it.each([
    ["v1", () => createClient(EvaluationV1, transport())],
    ["v2", () => createClient(EvaluationV2, transport())],
  ])("%s resolves one flag and all of them, and tells changes", async (_, make) => {
    await flags.reset();
    const client = make();
    // The file of the test is read by the shop in its own time, and the change would be told below.
    await eventually(async () =>
      expect(await client.resolveBoolean({ flagKey: "adFailure" })).toMatchObject({ value: false }),
    );
    expect(await client.resolveInt({ flagKey: "loadGeneratorVUs" })).toMatchObject({ value: 5n, variant: "5" });
    expect(await client.resolveFloat({ flagKey: "cartFailure" })).toMatchObject({ value: 0, reason: "STATIC" });
    const { flags: all } = await client.resolveAll({ context: { product_id: telescope } });
    expect(all.adFailure).toMatchObject({ variant: "off", value: { case: "boolValue", value: false } });
    const ending = new AbortController();
    const types: string[] = [];
    for await (const { type, data } of client.eventStream({}, { signal: ending.signal })) {
      types.push(type);
      if (type === "provider_ready") await flags.set("adFailure", "on");
      if (data?.flags === undefined) continue;
      expect(data.flags).toHaveProperty("adFailure");
      break;
    }
    expect(types).toEqual(["provider_ready", "configuration_change"]);
    ending.abort();
  });

  it("tells an error for a flag that is disabled in version 1, and no value in version 2", async () => {
    await flags.define("asleep", { state: "DISABLED", variants: { a: true }, defaultVariant: "a" });
    const [v1, v2] = [createClient(EvaluationV1, transport()), createClient(EvaluationV2, transport())];
    await eventually(() => expect(v1.resolveBoolean({ flagKey: "asleep" })).rejects.toThrow(/disabled/));
    expect(await v2.resolveBoolean({ flagKey: "asleep" })).not.toHaveProperty("value");
    expect(await v2.resolveBoolean({ flagKey: "asleep" })).toMatchObject({ reason: "DISABLED" });
  });
});

describe("OFREP", () => {
  beforeAll(() => flags.reset());
  const ask = async (path = "", body: unknown = {}, headers: Record<string, string> = {}) => {
    const url = `${shop.url}/flagservice/ofrep/v1/evaluate/flags${path}`;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url, { method: "POST", body: text, headers });
    const content = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: content === "" ? undefined : JSON.parse(content),
    };
  };

  it("evaluates one flag", async () => {
    await flags.set("productCatalogFailure", "on");
    await eventually(async () =>
      expect(await ask("/productCatalogFailure", { context: { product_id: telescope } })).toMatchObject({
        status: 200,
        body: { key: "productCatalogFailure", value: true, variant: "on", reason: "TARGETING_MATCH" },
      }),
    );
  });

  it("evaluates all flags, and says when nothing has changed since", async () => {
    const first = await ask();
    expect(first.body.flags).toContainEqual(expect.objectContaining({ key: "adFailure", value: false }));
    const etag = first.headers.get("etag") ?? "";
    expect(await ask("", {}, { "if-none-match": etag })).toMatchObject({ status: 304, body: undefined });
    await flags.set("adFailure", "on");
    await eventually(async () =>
      expect((await ask("", {}, { "if-none-match": etag })).body?.flags).toContainEqual(
        expect.objectContaining({ key: "adFailure", value: true }),
      ),
    );
  });

  it.each([
    ["/nothing", {}, 404, { key: "nothing", errorCode: "FLAG_NOT_FOUND" }],
    [
      "/adFailure",
      "{",
      400,
      { key: "adFailure", errorCode: "INVALID_CONTEXT", errorDetails: expect.stringMatching(/JSON/) },
    ],
    ["/adFailure", { context: [] }, 400, { errorCode: "INVALID_CONTEXT" }],
    ["", "[", 400, { errorCode: "INVALID_CONTEXT" }],
    ["/adFailure", { context: { x: "y".repeat(70_000) } }, 413, { reason: "BODY_TOO_LARGE" }],
  ])("says what is wrong with a request for %j", async (path, body, status, content) => {
    expect(await ask(path, body)).toMatchObject({ status, body: content });
  });

  it("is asked by POST", async () => {
    const response = await fetch(`${shop.url}/flagservice/ofrep/v1/evaluate/flags`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

it("streams do not hold up the end of the shop", async () => {
  const other = await startShop();
  const client = createClient(
    EvaluationV1,
    createConnectTransport({ baseUrl: `${other.url}/flagservice`, httpVersion: "1.1" }),
  );
  const stream = client.eventStream({})[Symbol.asyncIterator]();
  expect(await stream.next()).toMatchObject({ value: { type: "provider_ready" } });
  const begun = performance.now();
  await Promise.all([other.stop(), stream.next().catch(() => {})]);
  expect(performance.now() - begun).toBeLessThan(5_000);
});
