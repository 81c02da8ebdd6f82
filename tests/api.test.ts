import { randomUUID } from "node:crypto";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Compile } from "typebox/schema";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ProductCatalogService } from "../gen/oteldemo/product_catalog_pb.ts";
import { type ApiAnswer, api, Customer, flashlight, goodCard, home, telescope } from "./customer.ts";
import { startShop, type TestShop } from "./shop.ts";

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly operationId?: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

let shop: TestShop;
let description: Description;
const visited = new Set<string>();
beforeAll(async () => {
  shop = await startShop();
  description = (await api(shop.url, "/api/openapi.json")).body;
});
afterAll(() => shop.stop());

/** Calls the API, and holds the answer against the API's description: status, content type, shape. */
async function call(path: string, options: Parameters<typeof api>[2] = {}): Promise<ApiAnswer> {
  const answer = await api(shop.url, path, options);
  const method = (options.method ?? (options.body === undefined ? "GET" : "POST")).toLowerCase();
  const [route = ""] = path.split("?", 1);
  const [template, operations] =
    Object.entries(description.paths).find(([candidate]) =>
      new RegExp(`^${candidate.replace(/\{\w+\}/g, "[^/]+")}$`).test(route),
    ) ?? [];
  const operation = operations?.[method];
  if (operation === undefined) throw new Error(`${method} ${route} is not described`);
  const range = `${String(answer.status)[0]}XX`;
  const response = operation.responses[answer.status] ?? operation.responses[range];
  expect(response, `${method} ${template} ${answer.status} is described`).toBeDefined();
  visited.add(`${method} ${template} ${operation.responses[answer.status] === undefined ? range : answer.status}`);
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  if (answer.status === 204) {
    expect(answer.body).toBe("");
    return answer;
  }
  const schema = response?.content?.[type]?.schema;
  expect(schema, `${method} ${template} ${answer.status} as ${type} is described`).toBeDefined();
  const [fits, errors] = Compile(schema ?? {}).Errors(answer.body);
  expect(fits ? [] : errors, `${method} ${path} ${JSON.stringify(answer.body).slice(0, 500)}`).toEqual([]);
  return answer;
}

function problem(status: number, reason: string) {
  return {
    status,
    body: { type: "about:blank", title: expect.any(String), status, reason, detail: expect.stringMatching(/\S/) },
  };
}

async function customerWithOrder() {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 2);
  await customer.puts(telescope);
  const { body } = await customer.checksOut();
  return { customer, order: body };
}

const money = { currencyCode: expect.any(String), units: expect.any(Number), nanos: expect.any(Number) };
const product = {
  id: expect.any(String),
  name: expect.any(String),
  description: expect.any(String),
  picture: expect.any(String),
  priceUsd: money,
  categories: expect.any(Array),
};

describe("products", () => {
  it("are listed by id, in US dollars unless told", async () => {
    const { status, body } = await call("/api/products");
    expect(status).toBe(200);
    expect(body).toHaveLength(10);
    for (const each of body) expect(each).toEqual(product);
    expect(body.find(({ id }: { id: string }) => id === flashlight).priceUsd).toEqual({
      currencyCode: "USD",
      units: 57,
      nanos: 80_000_000,
    });
    const ids = body.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...ids].sort());
  });

  it("carry prices converted to the nano", async () => {
    const { body } = await call(`/api/products/${flashlight}?currencyCode=EUR`);
    expect(body).toEqual({
      ...product,
      id: flashlight,
      priceUsd: { currencyCode: "EUR", units: 50, nanos: 490_933_215 },
    });
    const { body: all } = await call("/api/products?currencyCode=EUR");
    expect(all).toContainEqual(body);
    expect((await call("/api/products?currencyCode=")).body[0].priceUsd.currencyCode).toBe("USD");
  });

  it("are searched, and chosen by category", async () => {
    const names = async (query: string) =>
      (await call(`/api/products?${query}`)).body.map(({ name }: { name: string }) => name);
    expect(await names("query=binocluars")).toEqual(["Roof Binoculars"]);
    expect(await names("category=books")).toEqual(["The Comet Book"]);
    expect(await names("query=telescope&category=books")).toEqual([]);
    expect(await names("query=%25")).toEqual(expect.any(Array));
    expect(await names("category=none")).toEqual([]);
  });

  it("that do not exist are not found, unknown currencies are refused", async () => {
    expect(await call("/api/products/NONE")).toMatchObject(problem(404, "PRODUCT_NOT_FOUND"));
    expect(await call(`/api/products/${flashlight}?currencyCode=XTS`)).toMatchObject(
      problem(400, "CURRENCY_UNSUPPORTED"),
    );
    expect(await call("/api/products?currencyCode=XTS")).toMatchObject(problem(400, "CURRENCY_UNSUPPORTED"));
    expect(await call(`/api/products?query=${"x".repeat(257)}`)).toMatchObject(problem(400, "INVALID_REQUEST"));
  });
});

describe("a cart", () => {
  it("is filled, shown with its products, and emptied", async () => {
    const userId = randomUUID();
    const put = (productId: string, quantity: number) =>
      call("/api/cart", { body: { userId, item: { productId, quantity } } });
    expect(await put(flashlight, 2)).toMatchObject({ status: 200 });
    expect((await put(telescope, 1)).body).toEqual({
      userId,
      items: [
        { productId: flashlight, quantity: 2 },
        { productId: telescope, quantity: 1 },
      ],
    });
    const cart = await call(`/api/cart?sessionId=${userId}&currencyCode=EUR`);
    expect(cart.body.userId).toBe(userId);
    expect(cart.body.items[0]).toEqual({ productId: flashlight, quantity: 2, product: { ...product, id: flashlight } });
    expect(cart.body.items[0].product.priceUsd.currencyCode).toBe("EUR");
    expect((await put(flashlight, -2)).body.items).toEqual([{ productId: telescope, quantity: 1 }]);
    expect((await call("/api/cart", { method: "DELETE", body: { userId } })).status).toBe(204);
    expect((await call(`/api/cart?sessionId=${userId}`)).body).toEqual({ userId, items: [] });
  });

  it("of nobody is empty", async () => {
    expect((await call(`/api/cart?sessionId=${randomUUID()}`)).body.items).toEqual([]);
    expect((await call("/api/cart")).status).toBe(200);
  });

  it("keeps a product that is not sold any more, shown as such, until it is taken out", async () => {
    const userId = randomUUID();
    await shop.sql`
      insert into cart.carts (user_id, lines, expires_at)
      values (${userId}, ${shop.sql.json([{ productId: "GONE", quantity: 1 }])}, now() + interval '1 hour')`;
    expect((await call(`/api/cart?sessionId=${userId}`)).body.items).toEqual([
      { productId: "GONE", quantity: 1, product: null },
    ]);
    const taken = await call("/api/cart", { body: { userId, item: { productId: "GONE", quantity: -1 } } });
    expect(taken.body.items).toEqual([]);
  });

  it("refuses what cannot be in it, and says why", async () => {
    const userId = randomUUID();
    const put = (item: unknown) => call("/api/cart", { body: { userId, item } });
    expect(await put({ productId: "NONE", quantity: 1 })).toMatchObject(problem(404, "PRODUCT_NOT_FOUND"));
    expect(await put({ productId: flashlight, quantity: -1 })).toMatchObject(problem(400, "QUANTITY_OUT_OF_RANGE"));
    expect(await put({ productId: flashlight, quantity: 1_001 })).toMatchObject(problem(400, "QUANTITY_OUT_OF_RANGE"));
    for (const wrong of [
      { productId: flashlight, quantity: 0 },
      { productId: flashlight, quantity: 1.5 },
      { productId: flashlight, quantity: "many" },
      { productId: flashlight },
      { productId: "", quantity: -1 },
      undefined,
    ]) {
      expect(await put(wrong), JSON.stringify(wrong)).toMatchObject(problem(400, "INVALID_REQUEST"));
    }
    const { body } = await put({ productId: flashlight, quantity: "many" });
    expect(body.errors).toEqual([{ field: "item.quantity", message: expect.any(String) }]);
    expect(await call("/api/cart", { method: "DELETE", body: "{" })).toMatchObject(problem(400, "INVALID_REQUEST"));
  });
});

describe("a checkout", () => {
  it("answers with the order, in the shape of the OpenTelemetry Demo", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight, 2);
    const { status, body } = await call("/api/checkout?currencyCode=EUR", { body: customer.order() });
    expect(status).toBe(200);
    expect(body).toEqual({
      orderId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      shippingTrackingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      shippingCost: { currencyCode: "EUR", units: 15, nanos: expect.any(Number) },
      shippingAddress: home,
      items: [
        {
          cost: { currencyCode: "EUR", units: 50, nanos: 490_933_215 },
          item: { productId: flashlight, quantity: 2, product: { ...product, id: flashlight } },
        },
      ],
    });
    expect((await call(`/api/cart?sessionId=${customer.userId}`)).body.items).toEqual([]);
  });

  it("takes an order without a state, and without an address", async () => {
    for (const address of [{ ...home, state: "" }, { city: "Here" }, undefined]) {
      const customer = new Customer(shop.url);
      await customer.puts(flashlight);
      expect(await call("/api/checkout", { body: customer.order({ address }) })).toMatchObject({ status: 200 });
    }
  });

  it("says why there is no order", async () => {
    const customer = new Customer(shop.url);
    const order = (changes = {}) => call("/api/checkout", { body: customer.order(changes) });
    expect(await order()).toMatchObject(problem(409, "CART_EMPTY"));
    await customer.puts(flashlight);
    const card = (changes: object) => order({ creditCard: { ...goodCard, ...changes } });
    expect(await card({ creditCardExpirationYear: 2020 })).toMatchObject(problem(402, "CARD_EXPIRED"));
    expect(await card({ creditCardNumber: "1234" })).toMatchObject(problem(402, "CARD_INVALID"));
    expect(await card({ creditCardNumber: "378282246310005" })).toMatchObject(problem(402, "CARD_BRAND_NOT_ACCEPTED"));
    expect(await order({ userCurrency: "XTS" })).toMatchObject(problem(400, "CURRENCY_UNSUPPORTED"));
    expect(await order({ creditCard: undefined })).toMatchObject(problem(400, "INVALID_REQUEST"));
    expect(await card({ creditCardExpirationMonth: 13 })).toMatchObject(problem(400, "INVALID_REQUEST"));
    expect((await order()).status).toBe(200);
  });

  it("is repeated under its Idempotency-Key", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    const headers = { "Idempotency-Key": "once" };
    const first = await call("/api/checkout", { body: customer.order(), headers });
    expect((await call("/api/checkout", { body: customer.order(), headers })).body).toEqual(first.body);
    const other = customer.order({ userCurrency: "USD" });
    expect(await call("/api/checkout", { body: other, headers })).toMatchObject(problem(409, "IDEMPOTENCY_KEY_REUSED"));
    const tooLong = { "Idempotency-Key": "k".repeat(257) };
    expect(await call("/api/checkout", { body: customer.order(), headers: tooLong })).toMatchObject(
      problem(400, "IDEMPOTENCY_KEY_INVALID"),
    );
  });
});

describe("orders", () => {
  it("are listed for the session that placed them, newest first, and for nobody else", async () => {
    const { customer, order } = await customerWithOrder();
    await customer.puts(flashlight);
    const { body: second } = await customer.checksOut();
    const { body } = await call(`/api/orders?sessionId=${customer.userId}`);
    expect(body).toEqual([
      expect.objectContaining({ orderId: second.orderId, itemCount: 1 }),
      {
        orderId: order.orderId,
        placedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        status: "placed",
        total: { currencyCode: "EUR", units: 215, nanos: expect.any(Number) },
        itemCount: 3,
        items: [
          { productId: flashlight, quantity: 2 },
          { productId: telescope, quantity: 1 },
        ],
      },
    ]);
    expect((await call(`/api/orders?sessionId=${randomUUID()}`)).body).toEqual([]);
    expect(await call("/api/orders")).toMatchObject(problem(401, "SESSION_MISSING"));
    expect(await call("/api/orders?sessionId=")).toMatchObject(problem(401, "SESSION_MISSING"));
  });

  it("are shown to the session that placed them, and to nobody else", async () => {
    const { customer, order } = await customerWithOrder();
    const { body } = await call(`/api/orders/${order.orderId}?sessionId=${customer.userId}`);
    expect(body).toEqual({ ...order, placedAt: expect.any(String), status: "placed", total: money });
    expect(await call(`/api/orders/${order.orderId}?sessionId=${randomUUID()}`)).toMatchObject(
      problem(404, "ORDER_NOT_FOUND"),
    );
    expect(await call(`/api/orders/${order.orderId}`)).toMatchObject(problem(401, "SESSION_MISSING"));
    expect(await call(`/api/orders/none?sessionId=${customer.userId}`)).toMatchObject(problem(404, "ORDER_NOT_FOUND"));
  });

  it("that were declined are no orders", async () => {
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    await customer.checksOut({ changes: { creditCard: { ...goodCard, creditCardExpirationYear: 2020 } } });
    expect((await call(`/api/orders?sessionId=${customer.userId}`)).body).toEqual([]);
  });
});

describe("prices", () => {
  it("can be had in 33 currencies, sorted", async () => {
    const { body } = await call("/api/currency");
    expect(body).toHaveLength(33);
    expect(body).toEqual([...body].sort());
    expect(body).toEqual(expect.arrayContaining(["USD", "EUR", "JPY"]));
  });

  it("of shipping are quoted for items, with and without an address", async () => {
    const itemList = encodeURIComponent(JSON.stringify([{ productId: flashlight, quantity: 3 }]));
    const address = encodeURIComponent(JSON.stringify(home));
    expect((await call(`/api/shipping?itemList=${itemList}`)).body).toEqual({
      currencyCode: "USD",
      units: 26,
      nanos: 970_000_000,
    });
    const inEuro = await call(`/api/shipping?itemList=${itemList}&address=${address}&currencyCode=EUR`);
    expect(inEuro.body).toMatchObject({ currencyCode: "EUR", units: 23 });
    expect((await call("/api/shipping")).body).toMatchObject({ units: 0, nanos: 0 });
    expect((await call(`/api/shipping?itemList=${itemList}&currencyCode=`)).body.currencyCode).toBe("USD");
    for (const query of ["itemList=x", "itemList=%7B%7D", "itemList=[1]", "itemList=[]&address=[]"]) {
      expect(await call(`/api/shipping?${query}`), query).toMatchObject(problem(400, "INVALID_REQUEST"));
    }
    expect(await call(`/api/shipping?itemList=${itemList}&currencyCode=XTS`)).toMatchObject(
      problem(400, "CURRENCY_UNSUPPORTED"),
    );
    const negative = encodeURIComponent(JSON.stringify([{ productId: flashlight, quantity: -1 }]));
    expect(await call(`/api/shipping?itemList=${negative}`)).toMatchObject(problem(400, "QUANTITY_OUT_OF_RANGE"));
  });
});

describe("suggestions", () => {
  it("are up to four other products, however their ids are written", async () => {
    const three = [flashlight, telescope, "66VCHSJNUP"];
    for (const query of [
      `productIds=${three.join(",")}`,
      three.map((id) => `productIds=${id}`).join("&"),
      `productIds=${flashlight}&sessionId=${randomUUID()}&currencyCode=EUR`,
      "",
    ]) {
      const { status, body } = await call(`/api/recommendations?${query}`);
      expect(status).toBe(200);
      expect(body).toHaveLength(4);
      for (const each of body) expect(each).toEqual(product);
      if (query.startsWith("productIds=LS4PSXUNUM")) {
        expect(body.map(({ id }: { id: string }) => id)).not.toContain(flashlight);
      }
    }
  });

  it("are ads for categories, and some for none", async () => {
    const ads = async (query: string) => (await call(`/api/data?${query}`)).body;
    expect(await ads("contextKeys=binoculars")).toEqual([
      { redirectUrl: "/product/2ZYFJ3GM2N", text: expect.any(String) },
    ]);
    expect(await ads("contextKeys=binoculars&contextKeys=travel")).toHaveLength(2);
    expect(await ads("contextKeys=binoculars,travel")).toHaveLength(2);
    expect(await ads("contextKeys=books")).toHaveLength(2);
    expect(await ads("")).toHaveLength(2);
  });
});

describe("the way there", () => {
  it("without its slash is a permanent redirect, the query kept", async () => {
    const answer = await api(shop.url, "/api/products/?currencyCode=EUR");
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toBe("/api/products?currencyCode=EUR");
    expect((await api(shop.url, "/api/cart/", { body: {} })).status).toBe(308);
  });

  it("that does not exist is not found, by a method that it does not take is not allowed", async () => {
    expect(await api(shop.url, "/api/none")).toMatchObject(problem(404, "NOT_FOUND"));
    expect(await api(shop.url, "/api/none", { body: {} })).toMatchObject(problem(404, "NOT_FOUND"));
    for (const [path, operations] of Object.entries(description.paths)) {
      const taken = Object.keys(operations).map((method) => method.toUpperCase());
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((each) => !taken.includes(each))) {
        const answer = await api(shop.url, path.replace(/\{\w+\}/, "x"), { method });
        expect(answer, `${method} ${path}`).toMatchObject(problem(405, "METHOD_NOT_ALLOWED"));
        const allowed = answer.headers.get("allow")?.split(", ") ?? [];
        expect(allowed, `${method} ${path}`).toEqual(expect.arrayContaining(taken));
        expect(allowed).not.toContain(method);
      }
    }
  });

  it("answers HEAD as GET without a body", async () => {
    const answer = await fetch(`${shop.url}/api/products`, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("");
  });
});

describe("the description", () => {
  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...structuredClone(description) })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("names every operation differently", () => {
    const ids = Object.values(description.paths).flatMap((operations) =>
      Object.values(operations).map(({ operationId }) => operationId),
    );
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("describes nothing that was not tried here: every operation succeeded, and failed where it can", () => {
    const all = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method} ${path} ${status}`),
      ),
    );
    const succeeded = all.filter((each) => /2\d\d$/.test(each));
    expect([...visited]).toEqual(expect.arrayContaining(succeeded));
  });

  it("is readable as a page that loads nothing from elsewhere", async () => {
    const { status, headers, body } = await api(shop.url, "/api/docs");
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(body.match(/(?:src|href)="[^"]*"/g)?.filter((link: string) => /"(https?:)?\/\//.test(link))).toEqual([]);
  });
});

// Three seconds are for the machine, too, which may stand still for two of them once, and not each time.
it("prices are not read through a catalogue that has changed for longer than a second", { retry: 2 }, async () => {
  const catalog = shop.process.client(ProductCatalogService);
  const price = async () => (await catalog.getProduct({ id: flashlight })).priceUsd?.units;
  const reprice = async (units: number) => {
    await shop.sql`update catalog.products set price_units = ${units} where id = ${flashlight}`;
  };
  await reprice(57);
  await expect.poll(price).toBe(57n);
  await reprice(58);
  onTestFinished(() => reprice(57));
  await expect.poll(price, { timeout: 3_000 }).toBe(58n);
});
