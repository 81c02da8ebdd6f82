import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { FlagService, Writer } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { flagDocument, flagDocumentText } from "../../src/platform/flags/flag-document.ts";
import { errorInfo } from "../../src/platform/rpc/errors.ts";
import { flags as declared } from "../../src/services/flags.ts";
import { eventually } from "../eventually.ts";
import { startShop, type TestShop } from "../shop.ts";
import { TestFlags } from "./test-flags.ts";

let shop: TestShop;
let flags: TestFlags;
let client: ReturnType<typeof createClient<typeof FlagService>>;

beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ environment: flags.environment });
  client = createClient(FlagService, createConnectTransport({ baseUrl: shop.url, httpVersion: "1.1" }));
});
afterAll(async () => {
  await shop?.stop();
  await flags?.remove();
});
beforeEach(async () => {
  await writeFile(flags.path, flagDocumentText(flagDocument(declared)));
  await eventually(async () => {
    const { problems, flags: all } = await client.listFlags({});
    expect([problems, all.filter(({ isAtRest }) => !isAtRest)]).toEqual([[], []]);
  });
});

const flag = async (key: string) => (await client.listFlags({})).flags.find((each) => each.key === key);
const reason = (error: unknown) => errorInfo(error)?.reason;
const text = () => readFile(flags.path, "utf8");

describe("the flags", () => {
  it("are told with what they do, whose they are, and whether they are at rest", async () => {
    expect(await flag("paymentFailure")).toMatchObject({
      service: "payment",
      variant: "off",
      restingVariant: "off",
      isAtRest: true,
      fault: { category: "error", symptom: expect.stringMatching(/Charge/) },
    });
    expect(await flag("loadGeneratorTraffic")).toMatchObject({
      variant: "on",
      isAtRest: true,
      service: "load-generator",
    });
    expect((await flag("loadGeneratorTraffic"))?.fault).toBeUndefined();
  });

  it("are switched, and put back", async () => {
    const { flag: set } = await client.setFlag({ key: "paymentFailure", variant: "50%" });
    expect(set).toMatchObject({ variant: "50%", isAtRest: false });
    expect(JSON.parse(await text()).flags.paymentFailure.defaultVariant).toBe("50%");
    await client.setFlag({ key: "loadGeneratorTraffic", variant: "off" });
    expect((await client.clearFlags({})).keys).toEqual(["paymentFailure"]);
    expect((await client.clearFlags({ keys: ["loadGeneratorTraffic", "adFailure"] })).keys).toEqual([
      "loadGeneratorTraffic",
    ]);
  });

  it("with a rule are switched in it, and go on saying for whom", async () => {
    await client.setFlag({ key: "productCatalogFailure", variant: "on" });
    const { defaultVariant, targeting } = JSON.parse(await text()).flags.productCatalogFailure;
    expect([defaultVariant, targeting.if.slice(1)]).toEqual(["off", ["on", "off"]]);
    expect(await flag("productCatalogFailure")).toMatchObject({ variant: "on", isAtRest: false });
  });

  it("that a rule keeps on are at rest when they are cleared, all the same", async () => {
    await client.setTargeting({ key: "adFailure", targeting: '{"fractional": [["on", 50], ["off", 50]]}' });
    expect(await flag("adFailure")).toMatchObject({ variant: "off", isAtRest: false });
    expect((await client.clearFlags({})).keys).toEqual(["adFailure"]);
    expect(await flag("adFailure")).toMatchObject({ isAtRest: true, targeting: "" });
  });

  it.each([
    ["a key that is not there", () => client.setFlag({ key: "payment", variant: "on" }), /"payment".*paymentFailure/],
    ["a key of every object", () => client.setFlag({ key: "constructor", variant: "on" }), /"constructor"/],
    ["a variant", () => client.setFlag({ key: "adFailure", variant: "maybe" }), /"maybe".*on, off/],
    ["a variant of every object", () => client.setFlag({ key: "adFailure", variant: "toString" }), /on, off/],
    [
      "a rule that leads nowhere",
      () => client.setTargeting({ key: "adFailure", targeting: '{"if": [true, "x"]}' }),
      /x/,
    ],
    ["a rule that is no JSON", () => client.setTargeting({ key: "adFailure", targeting: "{" }), /no JSON/],
    ["a rule that is a list", () => client.setTargeting({ key: "adFailure", targeting: "[]" }), /no JSON object/],
    ["a key to clear", () => client.clearFlags({ keys: ["nothing"] }), /nothing/],
  ])("%s that is wrong changes nothing, and the answer says what would be right", async (_, call, message) => {
    const before = await text();
    await expect(call()).rejects.toThrow(message);
    expect(await text()).toBe(before);
  });
});

describe("the document", () => {
  it("is written as it is given, and only over the version that was seen", async () => {
    const { text: seen, version } = await client.getDocument({});
    await client.setFlag({ key: "adFailure", variant: "on" });
    const late = client.writeDocument({ text: `${seen}\n`, expectedVersion: version });
    expect(await late.catch(reason)).toBe("FLAGS_CHANGED");
    expect(await flag("adFailure")).toMatchObject({ variant: "on" });
    const { version: now } = await client.getDocument({});
    await client.writeDocument({ text: `${seen}\n`, expectedVersion: now });
    expect(await text()).toBe(`${seen}\n`);
  });

  it("is refused when it is not valid, with the line and the reason", async () => {
    const before = await text();
    const broken = before.replace('"defaultVariant": "off"', '"defaultVariant": "of"');
    const error = await client.writeDocument({ text: broken }).catch((error) => error);
    expect(reason(error)).toBe("FLAGS_INVALID");
    expect(error.message).toMatch(/line \d+: flags\.\w+\.defaultVariant: there is no variant "of"/);
    const { problems } = await client.checkDocument({ text: broken });
    const line = before.slice(0, before.indexOf('"defaultVariant"')).split("\n").length;
    expect(problems).toMatchObject([{ line, path: expect.stringMatching(/^flags\.\w+\.defaultVariant$/) }]);
    expect(await text()).toBe(before);
  });

  it("that is broken by hand is told, leaves flags as they were, and can be replaced", async () => {
    await client.setFlag({ key: "adFailure", variant: "on" });
    const good = await text();
    await writeFile(flags.path, good.replace('"ENABLED"', '"SOMETIMES"'));
    await eventually(async () =>
      expect((await client.listFlags({})).problems).toMatchObject([
        { path: expect.stringMatching(/^flags\.\w+\.state$/) },
      ]),
    );
    expect(await flag("adFailure")).toMatchObject({ variant: "on" });
    expect(await client.setFlag({ key: "adFailure", variant: "off" }).catch(reason)).toBe("FLAG_FILE_BROKEN");
    await client.writeDocument({ text: good });
    expect(await client.listFlags({})).toMatchObject({ problems: [] });
  });

  it("that is gone is made anew by the next change", async () => {
    await rm(flags.path);
    await client.setFlag({ key: "adFailure", variant: "on" });
    expect(JSON.parse(await text()).flags.adFailure.defaultVariant).toBe("on");
  });
});

it("of many who write at once none is lost, and of two who have seen the same one is refused", async () => {
  const keys = declared.filter(({ fault }) => fault !== undefined).map(({ key }) => key);
  const on = (key: string) =>
    Object.keys(declared.find((each) => each.key === key)?.variants ?? {}).find((name) => name !== "off");
  await Promise.all(keys.map((key) => client.setFlag({ key, variant: on(key) ?? "" })));
  const { flags: all, version } = await client.listFlags({});
  expect(
    all
      .filter(({ isAtRest }) => !isAtRest)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(keys.toSorted());
  const both = await Promise.allSettled(
    ["25%", "75%"].map((variant) => client.setFlag({ key: "paymentFailure", variant, expectedVersion: version })),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

describe("the activity", () => {
  it("tells who has changed what, by hand, too, and what was broken", async () => {
    await client.setFlag({ key: "adFailure", variant: "on", writer: Writer.CLI });
    // At once: who sees it half written would tell of that, too.
    await flags.set("adFailure", "off");
    await eventually(async () => expect(await flag("adFailure")).toMatchObject({ variant: "off" }));
    await client.setTargeting({ key: "adFailure", targeting: '{"if": [true, "on", "off"]}', writer: Writer.PAGE });
    const { activities } = await client.listActivity({ limit: 3 });
    expect(activities).toMatchObject([
      { writer: Writer.PAGE, key: "adFailure", from: "off", to: "on", note: "rule changed" },
      { writer: Writer.FILE, key: "adFailure", from: "on", to: "off", note: "" },
      { writer: Writer.CLI, key: "adFailure", from: "off", to: "on", note: "" },
    ]);
  });

  it("and all else is told to those who watch, as it happens", async () => {
    const ending = new AbortController();
    const seen: string[] = [];
    for await (const { flags: now, activities } of client.watch({}, { signal: ending.signal })) {
      const { variant = "" } = now?.flags.find(({ key }) => key === "paymentFailure") ?? {};
      seen.push(variant);
      if (seen.length === 1) await flags.set("paymentFailure", "10%");
      if (variant !== "10%" || activities[0]?.to !== "10%") continue;
      ending.abort();
      break;
    }
    expect(seen.at(0)).toBe("off");
  });
});

describe("the REST calls of the OpenTelemetry Demo", () => {
  const call = (path: string, options: RequestInit = {}) => fetch(`${shop.url}/feature/api/${path}`, options);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });

  it.each(["read", "read-file"])("%s answers the flags", async (path) => {
    const response = await call(path);
    expect(response.headers.get("content-type")).toBe("application/json");
    const { flags: all } = JSON.parse(await text());
    expect(await response.json()).toEqual({ flags: all });
  });

  it.each(["write", "write-to-file"])("%s replaces them, and what is beside them stays", async (path) => {
    const read = (await (await call("read")).json()) as { flags: Record<string, { defaultVariant: string }> };
    const changed = { flags: { ...read.flags, cartFailure: { ...read.flags.cartFailure, defaultVariant: "75%" } } };
    const response = await post(path, { data: changed });
    expect([response.status, await response.text()]).toEqual([200, "{}"]);
    expect(await flag("cartFailure")).toMatchObject({ variant: "75%" });
    expect(JSON.parse(await text()).$schema).toMatch(/flagd/);
  });

  it.each([
    ["no JSON", "{", 400, /JSON/],
    ["no data", "{}", 400, /data/],
    ["no document", '{"data": {"flags": {"adFailure": {"state": "ENABLED"}}}}', 400, /flags\.adFailure.*variants/],
    ["a list", '{"data": []}', 400, /no object/],
    ["a stale version", '{"data": {"flags": {}}, "version": "0123"}', 409, /version/],
    ["too much", JSON.stringify({ data: "x".repeat(1_100_000) }), 413, /larger/],
  ])("%s is refused, with the reason, and changes nothing", async (_, body, status, detail) => {
    const before = await text();
    const response = await call("write", { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([status, expect.stringMatching(detail)]);
    expect(await text()).toBe(before);
  });

  it("a writer who says which version was read does not write over another's change", async () => {
    const response = await call("read");
    const etag = response.headers.get("etag") ?? "";
    const data = await response.json();
    await client.setFlag({ key: "adFailure", variant: "on" });
    expect((await post("write", { data }, { "if-match": etag })).status).toBe(409);
    expect(await flag("adFailure")).toMatchObject({ variant: "on" });
  });

  it("other methods and paths are answered as what they are", async () => {
    const wrong = await call("write");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await call("nothing")).status).toBe(404);
    const bare = await fetch(`${shop.url}/feature`, { redirect: "manual" });
    expect([bare.status, bare.headers.get("location")]).toEqual([301, "/feature/"]);
  });
});

describe("a page of another origin", () => {
  const path = "/orrery.flags.v1.FlagService/SetFlag";
  const body = JSON.stringify({ key: "adFailure", variant: "on" });
  const headers = { "content-type": "application/json" };

  it.each([
    ["its origin", { origin: "https://evil.example" }],
    ["none that can be told", { origin: "null" }],
  ])("may not change flags, by %s", async (_, from) => {
    const rpc = await fetch(shop.url + path, { method: "POST", body, headers: { ...headers, ...from } });
    expect([rpc.status, await rpc.text()]).toEqual([403, expect.stringMatching(/ORIGIN_NOT_ALLOWED|ALLOWED_ORIGINS/)]);
    const rest = await fetch(`${shop.url}/feature/api/write`, {
      method: "POST",
      body: '{"data": {"flags": {}}}',
      headers: from,
    });
    expect(rest.status).toBe(403);
    expect(await flag("adFailure")).toMatchObject({ variant: "off" });
  });

  it("may neither by a form, which the browser would send without asking", async () => {
    const form = await fetch(shop.url + path, { method: "POST", body, headers: { "content-type": "text/plain" } });
    expect(form.status).toBe(415);
    const rest = await fetch(`${shop.url}/feature/api/write`, {
      method: "POST",
      body: '{"data": {"flags": {}}}',
      headers: { "content-type": "text/plain", "sec-fetch-site": "cross-site" },
    });
    expect(rest.status).toBe(403);
  });

  it("may when it is of the shop itself", async () => {
    const own = await fetch(shop.url + path, { method: "POST", body, headers: { ...headers, origin: shop.url } });
    expect(own.status).toBe(200);
  });
});

it("flags that people have switched on are on after a restart of the shop", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-shop-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const at = ({ url }: TestShop) =>
    createClient(FlagService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const first = await startShop({ dataDir, observatory: true });
  await at(first).setFlag({ key: "paymentFailure", variant: "10%" });
  await first.stop();
  const second = await startShop({ dataDir, observatory: true });
  const { flags: all } = await at(second).listFlags({});
  const { activities } = await at(second).listActivity({});
  await second.stop();
  expect(all.find(({ key }) => key === "paymentFailure")).toMatchObject({ variant: "10%" });
  expect(activities).toMatchObject([{ key: "paymentFailure", to: "10%" }]);
}, 60_000);
