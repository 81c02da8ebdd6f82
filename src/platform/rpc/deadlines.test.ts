import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { freePort } from "../lifecycle/free-port.ts";
import { currentCall } from "./call-context.ts";
import { client } from "./client.ts";
import { errorInfo } from "./errors.ts";
import { localTransport } from "./local-services.ts";
import { remoteTransport } from "./remote-transport.ts";
import { type Route, route } from "./service-routes.ts";
import { serveForTest, type TestServices, until } from "./testing.ts";

const open: TestServices[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ port }) => port.drain(0)));
});

const kinds = ["in one process", "over the network"] as const;

async function transportTo(kind: (typeof kinds)[number], routes: Route[]): Promise<Transport> {
  const served = await serveForTest(routes, { limits: { timeoutMs: 3_000 } });
  open.push(served);
  return kind === "in one process" ? localTransport(served.services) : remoteTransport(served.origin);
}

const failure = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => expect.unreachable("the call succeeded"),
    (error) => (error instanceof ConnectError ? error : expect.unreachable(String(error))),
  );

const never = () => new Promise<never>(() => {});

describe.each(kinds)("%s", (kind) => {
  test("the time left shrinks from hop to hop", async () => {
    const left: number[] = [];
    const note = () => left.push((currentCall()?.deadline ?? Infinity) - performance.now());
    const quote = await transportTo(kind, [
      route(QuoteService, {
        getShippingQuote() {
          note();
          return {};
        },
      }),
    ]);
    const ad = await transportTo(kind, [
      route(AdService, {
        async getAds() {
          note();
          await client(QuoteService, quote).getShippingQuote({});
          return {};
        },
      }),
    ]);
    const currency = await transportTo(kind, [
      route(CurrencyService, {
        async getSupportedCurrencies() {
          note();
          await client(AdService, ad).getAds({});
          return {};
        },
        convert: never,
        convertBatch: never,
      }),
    ]);
    await client(CurrencyService, currency).getSupportedCurrencies({}, { timeoutMs: 2_500 });
    const [first = 0, second = 0, third = 0] = left;
    expect(first).toBeLessThanOrEqual(2_500);
    expect(second).toBeLessThanOrEqual(first - 4);
    expect(third).toBeLessThanOrEqual(second - 4);
    expect(third).toBeGreaterThan(0);
  });

  test("a handler that ignores its deadline is answered for, and its signal aborts", async () => {
    let signal: AbortSignal | undefined;
    const transport = await transportTo(kind, [
      route(AdService, {
        getAds(_, context) {
          signal = context.signal;
          return never();
        },
      }),
    ]);
    // Long enough for the call to arrive on a busy machine.
    const error = await failure(client(AdService, transport).getAds({}, { timeoutMs: 1_000 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(errorInfo(error)?.reason).toBe("DEADLINE_EXCEEDED");
    expect(error.rawMessage).toBe("oteldemo.AdService/GetAds took too long.");
    await until(() => signal?.aborted === true, "the handler's signal aborts");
  });

  test("a signal that is asked for after the deadline is aborted already", async () => {
    let isAborted: boolean | undefined;
    const transport = await transportTo(kind, [
      route(AdService, {
        async getAds(_, context) {
          await until(() => context.timeoutMs() === 0, "the deadline passes");
          await new Promise((resolve) => setTimeout(resolve, 20));
          isAborted = context.signal.aborted;
          return {};
        },
      }),
    ]);
    await failure(client(AdService, transport).getAds({}, { timeoutMs: 1_000 }));
    await until(() => isAborted !== undefined, "the handler goes on");
    expect(isAborted).toBe(true);
  });

  test("a caller that goes away aborts the signal of the call, of the calls made in turn, and its own waiting", async () => {
    const signals: AbortSignal[] = [];
    const quote = await transportTo(kind, [
      route(QuoteService, {
        getShippingQuote(_, context) {
          signals.push(context.signal);
          return never();
        },
      }),
    ]);
    const ad = await transportTo(kind, [
      route(AdService, {
        async getAds(_, context) {
          signals.push(context.signal);
          await client(QuoteService, quote).getShippingQuote({});
          return {};
        },
      }),
    ]);
    const caller = new AbortController();
    const call = failure(client(AdService, ad).getAds({}, { signal: caller.signal }));
    await until(() => signals.length === 2, "the second service is called");
    caller.abort();
    expect((await call).code).toBe(Code.Canceled);
    await until(() => signals.every(({ aborted }) => aborted), "both signals abort");
  });

  test("what a handler fails with because its caller went away is no defect to log", async () => {
    const served = await serveForTest([
      route(AdService, {
        getAds: (_, context) =>
          new Promise((_resolve, reject) =>
            context.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
          ),
      }),
    ]);
    open.push(served);
    const transport = kind === "in one process" ? localTransport(served.services) : remoteTransport(served.origin);
    await failure(client(AdService, transport).getAds({}, { timeoutMs: 50 }));
    const caller = new AbortController();
    const call = failure(client(AdService, transport).getAds({}, { signal: caller.signal }));
    setTimeout(() => caller.abort(), 50);
    await call;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(served.logged).toEqual([]);
  });

  test("a call for which no time is left is not sent", async () => {
    let calls = 0;
    const transport = await transportTo(kind, [
      route(AdService, {
        getAds() {
          calls++;
          return {};
        },
      }),
    ]);
    const error = await failure(client(AdService, transport).getAds({}, { timeoutMs: 0 }));
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
    expect(errorInfo(error)?.reason).toBe("DEADLINE_EXCEEDED");
    expect(calls).toBe(0);
  });

  test("a call without a deadline gets the default of the client, or else of the server", async () => {
    const left: number[] = [];
    const transport = await transportTo(kind, [
      route(AdService, {
        getAds(_, context) {
          left.push(context.timeoutMs() ?? Infinity);
          return {};
        },
      }),
    ]);
    await client(AdService, transport, { timeoutMs: 1_500 }).getAds({});
    await createClient(AdService, transport).getAds({});
    await client(AdService, transport).getAds({}, { timeoutMs: 60_000 });
    expect(left[0]).toBeLessThanOrEqual(1_500);
    expect(left[1]).toBeGreaterThan(1_500);
    expect(left[1]).toBeLessThanOrEqual(3_000);
    expect(left[2]).toBeLessThanOrEqual(3_000);
  });
});

test("only trace context and baggage travel on from hop to hop", async () => {
  const headers: Headers[] = [];
  const quote = await transportTo("over the network", [
    route(QuoteService, {
      getShippingQuote(_, context) {
        headers.push(context.requestHeader);
        return {};
      },
    }),
  ]);
  const ad = await transportTo("over the network", [
    route(AdService, {
      async getAds() {
        await client(QuoteService, quote).getShippingQuote({});
        return {};
      },
    }),
  ]);
  const sent = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    baggage: "session.id=1",
    authorization: "Bearer secret",
    "idempotency-key": "k",
  };
  await client(AdService, ad).getAds({}, { headers: sent });
  expect(headers[0]?.get("traceparent")).toBe(sent.traceparent);
  expect(headers[0]?.get("baggage")).toBe(sent.baggage);
  expect(headers[0]?.has("authorization")).toBe(false);
  expect(headers[0]?.has("idempotency-key")).toBe(false);
});

test("a server that dies in the middle of a call is UNAVAILABLE, and used again once it is back", async () => {
  const routes = [route(AdService, { getAds: ({ contextKeys }) => (contextKeys.length > 0 ? never() : {}) })];
  // None of those that outgoing connections take: it is to be had again.
  const served = await serveForTest(routes, { port: await freePort() });
  const ads = client(AdService, remoteTransport(served.origin), { attempts: 1 });
  const call = failure(ads.getAds({ contextKeys: ["hang"] }));
  await ads.getAds({});
  await served.port.drain(0);
  const error = await call;
  expect(error.code).toBe(Code.Unavailable);
  expect(errorInfo(error)?.reason).toBe("SERVICE_UNAVAILABLE");
  expect(error.rawMessage).not.toContain("127.0.0.1");
  expect((await failure(ads.getAds({}))).code).toBe(Code.Unavailable);
  open.push(await serveForTest(routes, { port: served.port.port }));
  await ads.getAds({});
});

test("a deadline that only the server keeps is told as ours", async () => {
  const served = await serveForTest([route(AdService, { getAds: never })], { limits: { timeoutMs: 50 } });
  open.push(served);
  const error = await failure(
    createClient(AdService, createGrpcTransport({ baseUrl: served.origin })).getAds({}, { timeoutMs: 5_000 }),
  );
  expect(errorInfo(error)?.reason).toBe("DEADLINE_EXCEEDED");
});

test("a service to which no way leads is unavailable", async () => {
  // TCP goes to no group of machines: ENETUNREACH, as EHOSTUNREACH for a container that has gone.
  const ads = client(AdService, remoteTransport("http://224.0.0.1:9555"), { attempts: 1 });
  expect(errorInfo(await failure(ads.getAds({})))?.reason).toBe("SERVICE_UNAVAILABLE");
});
