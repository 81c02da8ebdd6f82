import { randomUUID } from "node:crypto";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight, goodCard, home } from "./customer.ts";
import { brokenJson, expectNoDefect, expectRefused, image, leaks, replacing, script, wrongValues } from "./hostile.ts";
import { startShop, type TestShop } from "./shop.ts";

const services = [
  ["AdService", "GetAds"],
  ["CartService", "AddItem"],
  ["CartService", "GetCart"],
  ["CartService", "EmptyCart"],
  ["CheckoutService", "PlaceOrder"],
  ["CheckoutService", "GetOrder"],
  ["CheckoutService", "ListOrders"],
  ["CurrencyService", "GetSupportedCurrencies"],
  ["CurrencyService", "Convert"],
  ["CurrencyService", "ConvertBatch"],
  ["EmailService", "SendOrderConfirmation"],
  ["PaymentService", "Charge"],
  ["PaymentService", "Refund"],
  ["ProductCatalogService", "GetProduct"],
  ["ProductCatalogService", "GetProducts"],
  ["ProductCatalogService", "ListProducts"],
  ["ProductCatalogService", "SearchProducts"],
  ["QuoteService", "GetShippingQuote"],
  ["RecommendationService", "ListRecommendations"],
  ["ShippingService", "GetQuote"],
  ["ShippingService", "ShipOrder"],
] as const;
const rpcPaths = services.map(([service, method]) => `/oteldemo.${service}/${method}`);

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(async () => {
  await shop.stop();
});

async function send(path: string, init: RequestInit = {}) {
  const response = await fetch(shop.url + path, { redirect: "manual", signal: AbortSignal.timeout(10_000), ...init });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type") ?? "", text };
}

describe("a body that is not what it should be", () => {
  it.each(brokenJson)("%s, is refused by every RPC", async (what, body) => {
    for (const path of rpcPaths) {
      const answer = await send(path, { method: "POST", headers: { "content-type": "application/json" }, body });
      if (what === "deep objects") {
        // Fields that nobody knows are ignored, however deep.
        expectNoDefect(answer, `${path} with ${what}`);
        continue;
      }
      expectRefused(answer, `${path} with ${what}`);
      expect(JSON.parse(answer.text), path).toMatchObject({ code: "invalid_argument", message: expect.any(String) });
    }
  });

  it.each(brokenJson)("%s, is refused by the web API", async (what, body) => {
    for (const [method, path] of [
      ["POST", "/api/cart"],
      ["DELETE", "/api/cart"],
      ["POST", "/api/checkout"],
    ] as const) {
      const answer = await send(path, { method, headers: { "content-type": "application/json" }, body });
      if (what === "deep objects" && answer.status === 204) continue;
      expectRefused(answer, `${method} ${path} with ${what}`);
      expect(JSON.parse(answer.text), path).toMatchObject({ status: 400, reason: "INVALID_REQUEST" });
    }
  });

  it("is refused as Protobuf", async () => {
    for (const path of rpcPaths) {
      for (const bytes of [[0xff, 0xff, 0xff], [0x0a, 0x7f, 0x61], [0x08], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]]) {
        const body = Uint8Array.from(bytes);
        const answer = await send(path, { method: "POST", headers: { "content-type": "application/proto" }, body });
        expect(answer.status, path).toBe(400);
        expect(JSON.parse(answer.text), path).toMatchObject({ code: "invalid_argument" });
        expect(answer.text, path).not.toMatch(leaks);
      }
    }
  });

  it("is refused in every content type that the web API does not take", async () => {
    for (const type of [
      "text/plain",
      "application/xml",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "x",
    ]) {
      const answer = await send("/api/cart", { method: "POST", headers: { "content-type": type }, body: "a=1" });
      expectRefused(answer, type);
    }
  });

  it("is refused when it is too large", async () => {
    const body = JSON.stringify({ userId: "x".repeat(6 * 1024 * 1024) });
    for (const path of ["/api/cart", "/api/checkout", "/oteldemo.CartService/GetCart"]) {
      const answer = await send(path, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(
        (error) => {
          // The server may close the connection while the body is still on its way.
          if (error.name === "TimeoutError") throw error;
          return { status: 413, type: "", text: "" };
        },
      );
      expectRefused(answer, path);
    }
  });
});

const money = { currencyCode: "EUR", units: "8", nanos: 990_000_000 };
const item = { productId: flashlight, quantity: 1 };

describe("a wrong value in any field", () => {
  it("is no defect of the web API", async () => {
    const order = new Customer(shop.url).order();
    for (const value of wrongValues) {
      const shown = JSON.stringify(value).slice(0, 60);
      for (const body of replacing({ userId: "hostile", item }, value)) {
        const answer = await send("/api/cart", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        expectNoDefect(answer, `/api/cart ${JSON.stringify(body).slice(0, 200)}`);
      }
      for (const body of replacing(order, value)) {
        const answer = await send("/api/checkout", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        expectNoDefect(answer, `/api/checkout with ${shown}: ${JSON.stringify(body).slice(0, 400)}`);
      }
    }
  }, 60_000);

  it("is no defect of any RPC", async () => {
    const requests: Readonly<Record<string, unknown>> = {
      "/oteldemo.AdService/GetAds": { contextKeys: ["a"] },
      "/oteldemo.CartService/AddItem": { userId: "hostile", item },
      "/oteldemo.CartService/GetCart": { userId: "hostile" },
      "/oteldemo.CartService/EmptyCart": { userId: "hostile" },
      "/oteldemo.CheckoutService/PlaceOrder": {
        userId: "hostile",
        userCurrency: "EUR",
        email: "a@example.com",
        address: home,
        creditCard: goodCard,
      },
      "/oteldemo.CheckoutService/GetOrder": { orderId: "none", userId: "hostile" },
      "/oteldemo.CheckoutService/ListOrders": { userId: "hostile", limit: 5 },
      "/oteldemo.CurrencyService/Convert": { from: money, toCode: "USD" },
      "/oteldemo.CurrencyService/ConvertBatch": { from: [money], toCode: "USD" },
      "/oteldemo.EmailService/SendOrderConfirmation": {
        email: "a@example.com",
        order: {
          orderId: "hostile",
          shippingTrackingId: "t",
          shippingCost: money,
          shippingAddress: home,
          items: [{ item, cost: money }],
        },
      },
      "/oteldemo.PaymentService/Charge": { amount: money, creditCard: goodCard },
      "/oteldemo.PaymentService/Refund": { chargeKey: "none", reason: "none" },
      "/oteldemo.ProductCatalogService/GetProduct": { id: flashlight },
      "/oteldemo.ProductCatalogService/GetProducts": { ids: [flashlight] },
      "/oteldemo.ProductCatalogService/SearchProducts": { query: "telescope" },
      "/oteldemo.QuoteService/GetShippingQuote": { numberOfItems: 3 },
      "/oteldemo.RecommendationService/ListRecommendations": { userId: "hostile", productIds: [flashlight] },
      "/oteldemo.ShippingService/GetQuote": { address: home, items: [item] },
      "/oteldemo.ShippingService/ShipOrder": { address: home, items: [item] },
    };
    for (const [path, request] of Object.entries(requests)) {
      for (const value of wrongValues) {
        for (const body of replacing(request, value)) {
          const answer = await send(path, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          });
          expectNoDefect(answer, `${path} ${JSON.stringify(body).slice(0, 400)}`);
        }
      }
    }
    // Charges and confirmations without an order are this test's own.
    await shop.sql`delete from payment.charges where charge_key is null`;
    await shop.sql`delete from email.mails where order_id not in (select order_id from checkout.orders)`;
  }, 60_000);

  it("is no defect in a query", async () => {
    const parameters: readonly (readonly [string, readonly string[]])[] = [
      ["/api/products", ["currencyCode", "query", "category"]],
      [`/api/products/${flashlight}`, ["currencyCode"]],
      ["/api/cart", ["sessionId", "currencyCode"]],
      ["/api/orders", ["sessionId"]],
      ["/api/orders/none", ["sessionId", "currencyCode"]],
      ["/api/shipping", ["itemList", "currencyCode", "address"]],
      ["/api/recommendations", ["productIds", "sessionId", "currencyCode"]],
      ["/api/data", ["contextKeys"]],
      ["/images/products/RoofBinoculars.jpg", ["w"]],
      ["/mail/", ["format"]],
      ["/search", ["q"]],
    ];
    const values = [
      "%00",
      "%",
      "%ff",
      "%ed%a0%80",
      "-1",
      "1e999",
      "[]",
      "{}",
      "null",
      "[null]",
      "%5B%7B%22productId%22%3A%22A%22%2C%22quantity%22%3A1e300%7D%5D",
      "%5B%7B%22%24typeName%22%3A%22oteldemo.Money%22%2C%22productId%22%3A%22A%22%2C%22quantity%22%3A1%7D%5D",
      "%7B%22%24typeName%22%3A%22oteldemo.Money%22%7D",
      "%7B%22city%22%3A%22%5Cud800%22%7D",
      "%7B%22__proto__%22%3A%22x%22%7D",
      encodeURIComponent(script),
      "x".repeat(10_000),
      "%0d%0aset-cookie:x",
      "'; drop table products; --",
      "__proto__",
    ];
    for (const [path, names] of parameters) {
      for (const name of [...names, "__proto__", "constructor", "a[b]"]) {
        for (const value of values) {
          const answer = await send(`${path}?${name}=${value}`);
          expectNoDefect(answer, `${path}?${name}=${value.slice(0, 80)}`);
        }
        expectNoDefect(await send(`${path}?${name}=a&${name}=b&${name}`), `${path}?${name} several times`);
      }
    }
  }, 60_000);
});

describe("a path that leads nowhere", () => {
  it.each([
    "/..",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/..\\..\\etc\\passwd",
    "/%5c..%5c..",
    "/products/..%2f..%2fmanifest.json",
    "//",
    "///etc/passwd",
    "//evil.example/x",
    "/%00",
    "/%",
    "/%ff",
    "/%c0%ae%c0%ae/",
    "/?",
    "/;/",
    `/${"a/".repeat(2_000)}`,
    `/${"a".repeat(10_000)}`,
    `/${encodeURIComponent(script)}`,
    "/__proto__",
    "/constructor/prototype",
    "/package.json",
    "/.git/config",
  ])("%s, is not found, below every prefix", async (path) => {
    for (const prefix of [
      "",
      "/images",
      "/mail",
      "/api",
      "/api/products",
      "/api/orders",
      "/api/docs",
      "/assets",
      "/oteldemo.CartService",
    ]) {
      const answer = await raw(`GET ${prefix}${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
      expect(status, `${prefix}${path}: ${answer.slice(0, 300)}`).toBeGreaterThanOrEqual(200);
      expect(status, `${prefix}${path}: ${answer.slice(0, 300)}`).toBeLessThan(500);
      expect(answer).not.toMatch(/root:.*:0:0|"devDependencies"|\[remote "/);
      if (status >= 400) expect(answer, prefix + path).not.toMatch(leaks);
    }
  });

  it("is unknown as a method or a service, in every protocol", async () => {
    for (const path of [
      "/oteldemo.CartService/Nope",
      "/oteldemo.NopeService/Nope",
      "/oteldemo.CartService/__proto__",
    ]) {
      for (const type of ["application/json", "application/proto", "application/grpc-web+proto", "application/grpc"]) {
        const answer = await send(path, { method: "POST", headers: { "content-type": type }, body: "{}" });
        expectRefused(answer, `${path} ${type}`);
      }
      expectRefused(await send(path), path);
    }
  });
});

/** Bytes as they are over TCP, and all that comes back within the time. */
function raw(request: string | Buffer, withinMs = 10_000): Promise<string> {
  const { hostname, port } = new URL(shop.url);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), hostname);
    const chunks: Buffer[] = [];
    const late = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`No end of the answer within ${withinMs} ms: ${Buffer.concat(chunks).toString().slice(0, 200)}`),
      );
    }, withinMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString("latin1"));
    });
    socket.write(request);
  });
}

describe("bytes that are no request", () => {
  it.each([
    ["noise", "\x00\x01\x02\xff\xfe\r\n\r\n"],
    ["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".padEnd(64, "\0")],
    ["a header with a line break", "GET / HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\0: x\r\n\r\n"],
    ["two lengths", "POST /api/cart HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"],
    [
      "a length and chunks",
      "POST /api/cart HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a negative length", "POST /api/cart HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"],
    ["headers without end", `GET / HTTP/1.1\r\nhost: x\r\n${"x-a: b\r\n".repeat(10_000)}\r\n`],
    ["a method without meaning", "BREW /api/cart HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["an HTTP/2 preface and noise", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(200)}`],
  ])("%s, end the connection, not the shop", async (_, bytes) => {
    const answer = await raw(Buffer.from(bytes, "latin1"));
    if (answer.startsWith("HTTP/1.1")) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  it("cannot inject a header by the idempotency key, the redirect or the session", async () => {
    for (const path of [
      "/api/products/%0d%0aset-cookie:%20a=b/",
      "/mail?%0d%0aset-cookie:%20a=b",
      "/api//evil.example/",
      "/api/orders/%0d%0aset-cookie:x/?a",
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer, path).not.toMatch(/^set-cookie/im);
      expect(answer, path).toMatch(/^HTTP\/1\.1 [2-4]/);
      expect(answer, "no redirect to another site").not.toMatch(/^location: *(\/\/|https?:)/im);
    }
  });

  it("does not let a stream that was cut off or never ended take the shop along", async () => {
    const session = connectHttp2(shop.url);
    session.on("error", () => {});
    for (let index = 0; index < 20; index++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/oteldemo.CheckoutService/PlaceOrder",
        "content-type": "application/grpc",
      });
      stream.on("error", () => {});
      stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
      if (index % 2 === 0) stream.close(8);
    }
    await new Promise((resolve) => setImmediate(resolve));
    session.destroy();
    expect((await send("/api/currency")).status).toBe(200);
  });
});

describe("prototype pollution", () => {
  it("changes nothing", async () => {
    const payloads = [
      '{"__proto__":{"polluted":true},"userId":"p","item":{"productId":"LS4PSXUNUM","quantity":1}}',
      '{"constructor":{"prototype":{"polluted":true}},"userId":"p","item":{"productId":"LS4PSXUNUM","quantity":1}}',
      '{"userId":"p","item":{"__proto__":{"quantity":5,"polluted":true},"productId":"LS4PSXUNUM","quantity":1}}',
    ];
    for (const body of payloads) {
      for (const path of ["/api/cart", "/oteldemo.CartService/AddItem"]) {
        expectNoDefect(
          await send(path, { method: "POST", headers: { "content-type": "application/json" }, body }),
          path,
        );
      }
    }
    await send("/api/shipping?itemList=[]&address=%7B%22__proto__%22%3A%7B%22polluted%22%3A%22x%22%7D%7D");
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    for (const userId of ["__proto__", "constructor", "toString"]) {
      const customer = new Customer(shop.url, userId);
      expect((await customer.puts(flashlight)).body.items).toEqual([{ productId: flashlight, quantity: 1 }]);
    }
    for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(await api(shop.url, `/api/products/${id}`)).toMatchObject({ status: 404 });
      expect(await api(shop.url, `/api/data?contextKeys=${id}`)).toMatchObject({ status: 200 });
      expect(await api(shop.url, `/api/products?currencyCode=${id}`)).toMatchObject({ status: 400 });
    }
  });
});

describe("a message that claims to be another", () => {
  it.each(["oteldemo.Money", "oteldemo.CartItem", "google.protobuf.Any", "", 1])(
    "%j, is taken for what it is",
    async ($typeName) => {
      const customer = new Customer(shop.url);
      const put = await api(shop.url, "/api/cart", {
        body: { $typeName, userId: customer.userId, item: { $typeName, productId: flashlight, quantity: 1 } },
      });
      expectNoDefect({ status: put.status, text: JSON.stringify(put.body) }, "cart");
      const placed = await api(shop.url, "/api/checkout", {
        body: {
          ...customer.order(),
          $typeName,
          address: { ...home, $typeName },
          creditCard: { ...goodCard, $typeName },
        },
      });
      expectNoDefect({ status: placed.status, text: JSON.stringify(placed.body) }, "checkout");
      const itemList = JSON.stringify([{ $typeName, productId: flashlight, quantity: 1 }]);
      const address = JSON.stringify({ ...home, $typeName: String($typeName) });
      const query = new URLSearchParams({ itemList, address });
      expectNoDefect(await send(`/api/shipping?${query}`), "shipping");
    },
  );
});

describe("script in every text", () => {
  it("stays text, in answers and in the mail", async () => {
    const customer = new Customer(shop.url, `${image}${randomUUID()}`);
    await customer.puts(flashlight);
    const address = { streetAddress: script, city: image, state: script, country: image, zipCode: script };
    const email = `${script}@example.com`;
    const { status, body } = await customer.checksOut({ changes: { address, email } });
    expect({ status, address: body.shippingAddress }).toEqual({ status: 200, address });
    await expectBooksAgree(shop.sql);
    for (const path of ["/mail/", `/mail/${body.orderId}`, `/mail/${body.orderId}.html`]) {
      const page = await send(path);
      expect(page, path).toMatchObject({ status: 200, type: expect.stringContaining("text/html") });
      expect(page.text, path).not.toMatch(/<script>alert|<img src=x/);
    }
    expect(await send(`/mail/${body.orderId}.txt`)).toMatchObject({ type: expect.stringContaining("text/plain") });
  });

  it("does not come back from pages that were asked for it", async () => {
    for (const path of [
      `/search?q=${encodeURIComponent(script)}`,
      `/product/${encodeURIComponent(script)}`,
      `/${encodeURIComponent(image)}`,
    ]) {
      expect((await send(path)).text, path).not.toContain(script);
    }
    const problem = await send(`/api/products/${encodeURIComponent(script.slice(0, 60))}`);
    expect(problem).toMatchObject({ status: 404, type: expect.stringContaining("application/problem+json") });
  });
});

describe("after all this", () => {
  it("the shop sells as before", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight, 2);
    expect(await customer.checksOut()).toMatchObject({ status: 200 });
    await expectBooksAgree(shop.sql);
  });
});
