import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { type ClientPolicy, client, idempotencyKeyHeader } from "./client.ts";
import { areRetriesSpent, errorInfo } from "./errors.ts";
import { localTransport } from "./local-services.ts";
import { remoteTransport } from "./remote-transport.ts";
import { RetryBudget } from "./retry-budget.ts";
import { type Route, route } from "./service-routes.ts";
import { serveForTest, type TestServices, until } from "./testing.ts";

const open: TestServices[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map(({ port }) => port.drain(0)));
});

async function serve(routes: Route[], limits = {}): Promise<TestServices> {
  const served = await serveForTest(routes, { limits });
  open.push(served);
  return served;
}

const failure = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => expect.unreachable("the call succeeded"),
    (error) => (error instanceof ConnectError ? error : expect.unreachable(String(error))),
  );

const quick: Partial<ClientPolicy> = { backoffMs: 1 };

/** A cart that fails with a code so many times, and counts what reaches it. */
async function failingCart(code: Code, times = Infinity) {
  let attempts = 0;
  const answer = () => {
    if (++attempts <= times) throw new ConnectError("no", code);
    return {};
  };
  const { services } = await serve([route(CartService, { addItem: answer, getCart: answer, emptyCart: answer })]);
  return { transport: localTransport(services), attempts: () => attempts };
}

test("a service that is away for a moment is asked again", async () => {
  const cart = await failingCart(Code.Unavailable, 2);
  await client(CartService, cart.transport, quick).getCart({});
  expect(cart.attempts()).toBe(3);
});

test.each([
  ["a method without side effects", "getCart", {}, 3],
  ["an idempotent method", "emptyCart", {}, 3],
  ["a method that has its effect each time", "addItem", {}, 1],
  ["such a method with an idempotency key", "addItem", { [idempotencyKeyHeader]: "k" }, 3],
] as const)("%s is tried as often as is safe", async (_, method, headers, attempts) => {
  const cart = await failingCart(Code.Unavailable);
  const carts = client(CartService, cart.transport, quick);
  const call =
    method === "addItem"
      ? carts.addItem({ item: { productId: "p", quantity: 1 } }, { headers })
      : carts[method]({}, { headers });
  await failure(call);
  expect(cart.attempts()).toBe(attempts);
});

const codes = Object.values(Code).filter((code) => typeof code === "number");
test.each(codes.filter((code) => code !== Code.Unavailable).map((code) => [Code[code], code] as const))(
  "%s is not tried again",
  async (_, code) => {
    const cart = await failingCart(code);
    await failure(client(CartService, cart.transport, quick).getCart({}));
    expect(cart.attempts()).toBe(1);
  },
);

test("under total failure there are at most 1.1 attempts a request in the long run", async () => {
  const cart = await failingCart(Code.Unavailable);
  const carts = client(CartService, cart.transport, { ...quick, backoffMs: 0.01 });
  for (let i = 0; i < 20; i++) await failure(carts.getCart({}));
  const before = cart.attempts();
  for (let i = 0; i < 500; i++) await failure(carts.getCart({}));
  expect((cart.attempts() - before) / 500).toBeLessThanOrEqual(1.1);
});

test("a retry budget never allows more than its burst and its share", () => {
  const ratios = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(ratios, fc.nat(20), fc.array(fc.boolean(), { maxLength: 300 }), (ratio, capacity, steps) => {
      const budget = new RetryBudget({ ratio, capacity });
      let requests = 0;
      let retries = 0;
      for (const isRequest of steps) {
        if (isRequest) {
          requests++;
          budget.request();
        } else if (budget.tryRetry()) retries++;
        expect(retries).toBeLessThanOrEqual(capacity + requests * ratio + 1e-6);
      }
    }),
  );
});

test.each(["local", "remote"] as const)("three %s hops do not multiply the attempts", async (kind) => {
  let attempts = 0;
  const to = ({ services, origin }: TestServices): Transport =>
    kind === "local" ? localTransport(services) : remoteTransport(origin);
  const quote = await serve([
    route(QuoteService, {
      getShippingQuote() {
        attempts++;
        throw new ConnectError("down", Code.Unavailable);
      },
    }),
  ]);
  const quotes = client(QuoteService, to(quote), quick);
  const ad = await serve([
    route(AdService, {
      async getAds() {
        await quotes.getShippingQuote({});
        return {};
      },
    }),
  ]);
  const ads = client(AdService, to(ad), quick);
  const currency = await serve([
    route(CurrencyService, {
      async getSupportedCurrencies() {
        await ads.getAds({});
        return {};
      },
      convert: () => ({}),
      convertBatch: () => ({}),
    }),
  ]);
  const error = await failure(client(CurrencyService, to(currency), quick).getSupportedCurrencies({}));
  expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "down" });
  expect(areRetriesSpent(error)).toBe(true);
  expect(attempts).toBe(3);
});

test("no attempt begins when the deadline would pass before it", async () => {
  const cart = await failingCart(Code.Unavailable);
  vi.spyOn(Math, "random").mockReturnValue(0.99);
  const start = performance.now();
  await failure(client(CartService, cart.transport, { backoffMs: 60_000, timeoutMs: 1_000 }).getCart({}));
  expect(cart.attempts()).toBe(1);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test("waits are anywhere between zero and a doubling bound", async () => {
  const cart = await failingCart(Code.Unavailable);
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  await failure(client(CartService, cart.transport, { backoffMs: 600_000 }).getCart({}));
  expect(cart.attempts()).toBe(3);
  expect(random).toHaveBeenCalledTimes(3);
});

test("one call too many is refused as OVERLOADED, and served when there is room again", async () => {
  const waiting: (() => void)[] = [];
  const served = await serve(
    [route(AdService, { getAds: () => new Promise((resolve) => waiting.push(() => resolve({}))) })],
    { concurrency: 5 },
  );
  for (const transport of [localTransport(served.services), remoteTransport(served.origin)]) {
    const ads = createClient(AdService, transport);
    const calls = Array.from({ length: 5 }, () => ads.getAds({}));
    await until(() => waiting.length === 5, "all calls are under way");
    const error = await failure(ads.getAds({}));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(errorInfo(error)?.reason).toBe("OVERLOADED");
    expect(error.rawMessage).toBe("AdService already serves 5 calls.");
    for (const finish of waiting.splice(0)) finish();
    await Promise.all(calls);
    const next = ads.getAds({});
    await until(() => waiting.length === 1, "the next call is under way");
    for (const finish of waiting.splice(0)) finish();
    await next;
  }
});
