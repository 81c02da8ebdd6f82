import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EmailService, type SendOrderConfirmationRequest } from "../../../gen/oteldemo/email_pb.ts";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { type GetQuoteRequest, ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { createLogger } from "../logging/logger.ts";
import { client } from "./client.ts";
import { errorInfo, rpcError } from "./errors.ts";
import { type HttpJsonMethod, httpJsonTransport } from "./http-json.ts";
import { httpJsonHandler } from "./http-json-handler.ts";
import { LocalServices } from "./local-services.ts";
import { openPort, type Port } from "./port.ts";
import { route } from "./service-routes.ts";

const shippingTable: HttpJsonMethod[] = [
  { method: ShippingService.method.getQuote, path: "/get-quote" },
  { method: ShippingService.method.shipOrder, path: "/ship-order" },
];
const quoteTable: HttpJsonMethod[] = [
  {
    method: QuoteService.method.getShippingQuote,
    path: "/getquote",
    request: {
      toWire: (json) => ({ numberOfItems: (json as JsonObject).number_of_items ?? 0 }),
      fromWire: (json) => json ?? {},
    },
    response: {
      toWire: (json) => Number(((json as JsonObject).cost_usd as JsonObject).units),
      fromWire: (json) => ({ costUsd: { units: json ?? 0 } }),
    },
  },
];
const emailTable: HttpJsonMethod[] = [
  {
    method: EmailService.method.sendOrderConfirmation,
    path: "/send_order_confirmation",
    response: { toWire: () => undefined, fromWire: () => ({}) },
  },
];
const outOfRange = { reason: "QUANTITY_OUT_OF_RANGE", code: Code.InvalidArgument, meaning: "" };

let port: Port;
let origin: string;
const quotes: GetQuoteRequest[] = [];
const mails: SendOrderConfirmationRequest[] = [];
const keys: (string | null)[] = [];

beforeAll(async () => {
  const services = new LocalServices();
  const log = createLogger({ level: "silent" });
  const add = (added: Parameters<LocalServices["add"]>[0]) => services.add(added, { log });
  add(
    route(ShippingService, {
      getQuote(request) {
        quotes.push(request);
        if (request.items[0]?.quantity === -1) throw rpcError(outOfRange, "The quantity is -1.");
        if (request.items[0]?.quantity === -2) throw new Error("secret");
        return { costUsd: { currencyCode: "USD", units: 4_503_599_627_370_497n, nanos: 990_000_000 } };
      },
      shipOrder(_, context) {
        keys.push(context.requestHeader.get("idempotency-key"));
        return { trackingId: "track" };
      },
    }),
  );
  add(
    route(QuoteService, { getShippingQuote: ({ numberOfItems }) => ({ costUsd: { units: BigInt(numberOfItems) } }) }),
  );
  add(
    route(EmailService, {
      sendOrderConfirmation(request) {
        mails.push(request);
        return {};
      },
    }),
  );
  const answer = httpJsonHandler([...shippingTable, ...quoteTable, ...emailTable], services);
  port = await openPort({
    host: "127.0.0.1",
    port: 0,
    handler(request, response) {
      if (!answer(request, response)) response.writeHead(404).end();
    },
  });
  origin = `http://127.0.0.1:${port.port}`;
});
afterAll(() => port.drain(0));
beforeEach(() => {
  quotes.length = 0;
});

const post = (path: string, body: string, headers = {}) =>
  fetch(origin + path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

describe("a server's plain JSON", () => {
  test("takes what Go's encoding/json writes, and answers with snake_case and 64-bit integers as numbers", async () => {
    const address = { street_address: "1600 Amphitheatre Pkwy", city: "MV", zip_code: "94043" };
    const response = await post("/get-quote", JSON.stringify({ address, items: [{ product_id: "p", quantity: 2 }] }));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      cost_usd: { currency_code: "USD", units: 4_503_599_627_370_497, nanos: 990_000_000 },
    });
    expect(quotes[0]?.address).toMatchObject({ streetAddress: "1600 Amphitheatre Pkwy", state: "", zipCode: "94043" });
    expect(quotes[0]?.items).toMatchObject([{ productId: "p", quantity: 2 }]);
  });

  test.each([
    ["no address and no items", '{"address":null,"items":null}'],
    ["an empty object", "{}"],
    ["an empty body", ""],
    ["null", "null"],
    ["fields that we do not know", '{"items":[],"coupon":{"a":[1]},"__proto__":{"x":1}}'],
  ])("takes %s", async (_, body) => {
    expect((await post("/get-quote", body)).status).toBe(200);
    expect(quotes[0]?.items).toEqual([]);
    expect(quotes[0]?.address).toBeUndefined();
  });

  test("takes camelCase, and integers as strings", async () => {
    const body = '{"address":{"streetAddress":"s","zipCode":"z"},"items":[{"productId":"p","quantity":"3"}]}';
    expect((await post("/get-quote", body)).status).toBe(200);
    expect(quotes[0]?.items).toMatchObject([{ productId: "p", quantity: 3 }]);
    expect(quotes[0]?.address).toMatchObject({ streetAddress: "s", zipCode: "z" });
  });

  test("answers a quote with a bare number, and a mail with nothing", async () => {
    expect(await (await post("/getquote", '{"numberOfItems":3}')).text()).toBe("3");
    const order = { order_id: "o", items: [{ item: { product_id: "p", quantity: 1 }, cost: { units: 12, nanos: 5 } }] };
    const response = await post("/send_order_confirmation", JSON.stringify({ email: "a@b.example", order }));
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(mails[0]?.order?.items[0]?.cost).toMatchObject({ units: 12n, nanos: 5 });
  });

  test.each([
    ["half of JSON", '{"items":', 400, /^The body is not JSON/],
    ["an array", "[]", 400, /^The body does not fit/],
    ["a wrong type", '{"items":[{"quantity":"many"}]}', 400, /quantity/],
    ["a number out of range", '{"items":[{"quantity":1e12}]}', 400, /quantity/],
    ["a broken rule", '{"items":[{"quantity":20000}]}', 400, /items\[0\]\.quantity: must be/],
    ["very deep nesting", "[".repeat(200_000), 400, /^The body is not JSON/],
    ["too many bytes", `"${"x".repeat(1_100_000)}"`, 413, /^The body is larger than 1048576 bytes/],
  ])("refuses %s with a problem that says why", async (_, body, status, detail) => {
    const response = await post("/get-quote", body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { status: number; reason: string; detail: string };
    expect(problem.status).toBe(status);
    expect(problem.detail).toMatch(detail);
    expect(problem.detail).not.toContain("node_modules");
  });

  test("names the fields that break a rule, a declared error's reason, and nothing of a defect", async () => {
    const invalid = await (await post("/get-quote", '{"items":[{},{"quantity":20000}]}')).json();
    expect(invalid).toMatchObject({ reason: "INVALID_REQUEST", errors: [{ field: "items[1].quantity" }] });
    const declared = await post("/get-quote", '{"items":[{"quantity":-1}]}');
    expect(declared.status).toBe(400);
    expect(await declared.json()).toMatchObject({ reason: "QUANTITY_OUT_OF_RANGE", detail: "The quantity is -1." });
    const defect = await post("/get-quote", '{"items":[{"quantity":-2}]}');
    expect(defect.status).toBe(500);
    expect(await defect.text()).not.toContain("secret");
  });

  test("takes POST only", async () => {
    const response = await fetch(`${origin}/get-quote`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("a client of plain JSON", () => {
  const shipping = () => client(ShippingService, httpJsonTransport(ShippingService, origin, shippingTable));
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => expect.unreachable("the call succeeded"),
      (error) => (error instanceof ConnectError ? error : expect.unreachable(String(error))),
    );

  /** A server of somebody else's. */
  async function against<T>(
    answer: { status?: number; type?: string; body?: string },
    call: (url: string, heard: () => string) => Promise<T>,
  ): Promise<T> {
    let heard = "";
    const server = createServer((request, response) => {
      request.on("data", (chunk) => {
        heard += chunk;
      });
      request.on("end", () => {
        if (answer.body === undefined) return;
        response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "application/json" });
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      return await call(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => heard);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  test("says what Go's encoding/json says", async () => {
    const body = '{"cost_usd":{"currency_code":"USD","units":17,"nanos":980000000}}';
    await against({ body }, async (url, heard) => {
      const transport = httpJsonTransport(ShippingService, url, shippingTable);
      const { costUsd } = await client(ShippingService, transport).getQuote({
        address: { streetAddress: "s" },
        items: [{ productId: "p", quantity: 2 }],
      });
      expect(costUsd).toMatchObject({ currencyCode: "USD", units: 17n, nanos: 980_000_000 });
      expect(JSON.parse(heard())).toEqual({
        address: { street_address: "s" },
        items: [{ product_id: "p", quantity: 2 }],
      });
    });
  });

  test("speaks with our own server, headers and shapes included", async () => {
    await shipping().shipOrder({}, { headers: { "idempotency-key": "k7" } });
    expect(keys.at(-1)).toBe("k7");
    const quote = await client(QuoteService, httpJsonTransport(QuoteService, origin, quoteTable)).getShippingQuote({
      numberOfItems: 5,
    });
    expect(quote.costUsd?.units).toBe(5n);
    await client(EmailService, httpJsonTransport(EmailService, origin, emailTable)).sendOrderConfirmation({
      email: "a@b.example",
      order: { orderId: "o" },
    });
  });

  test("keeps code, reason and text of our own server's errors", async () => {
    const error = await failure(shipping().getQuote({ items: [{ quantity: -1 }] }));
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "The quantity is -1." });
    expect(errorInfo(error)?.reason).toBe("QUANTITY_OUT_OF_RANGE");
  });

  test.each([
    [400, Code.InvalidArgument],
    [404, Code.Unimplemented],
    [429, Code.ResourceExhausted],
    [500, Code.Internal],
    [503, Code.Unavailable],
    [504, Code.DeadlineExceeded],
  ])("takes a status of %i for what it means", async (status, code) => {
    await against({ status, body: "<html>", type: "application/problem+json" }, async (url) => {
      const transport = httpJsonTransport(ShippingService, url, shippingTable);
      expect((await failure(createClient(ShippingService, transport).getQuote({}))).code).toBe(code);
    });
  });

  test.each(["<html>", '{"cost_usd":5}', '{"cost_usd":{"units":"many"}}', "[]"])(
    "tells an answer that breaks the contract: %s",
    async (body) => {
      await against({ body }, async (url) => {
        const transport = httpJsonTransport(ShippingService, url, shippingTable);
        const error = await failure(client(ShippingService, transport).getQuote({}));
        expect(error).toMatchObject({
          code: Code.Internal,
          rawMessage: "oteldemo.ShippingService/GetQuote answered with something else than its contract says.",
        });
      });
    },
  );

  test("keeps its deadline, and ends with its caller", async () => {
    await against({}, async (url) => {
      const hanging = client(ShippingService, httpJsonTransport(ShippingService, url, shippingTable));
      const late = await failure(hanging.getQuote({}, { timeoutMs: 100 }));
      expect(errorInfo(late)?.reason).toBe("DEADLINE_EXCEEDED");
      const gone = await failure(hanging.getQuote({}, { signal: AbortSignal.timeout(100) }));
      expect(gone.code).toBe(Code.Canceled);
    });
  });

  test("tells a server that is not there, and a call that is not spoken", async () => {
    const nobody = httpJsonTransport(ShippingService, "http://127.0.0.1:1", shippingTable);
    const error = await failure(client(ShippingService, nobody, { backoffMs: 1 }).getQuote({}));
    expect(errorInfo(error)?.reason).toBe("SERVICE_UNAVAILABLE");
    const partial = httpJsonTransport(ShippingService, origin, shippingTable.slice(0, 1));
    expect((await failure(client(ShippingService, partial).shipOrder({}))).code).toBe(Code.Unimplemented);
  });
});
