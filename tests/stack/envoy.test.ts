import { createHash } from "node:crypto";
import { createServer as createHttp1Server, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { gzipSync } from "node:zlib";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../../gen/oteldemo/checkout_pb.ts";
import { folders } from "../../src/edge/routes.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { platformErrors } from "../../src/platform/rpc/errors.ts";
import { everyTransport } from "../../src/platform/rpc/testing.ts";
import { rateLimitSetting, timeoutSetting } from "../../src/stack/engines/envoy.ts";
import { api } from "../customer.ts";
import { refusalOf, remoteClient } from "../remote-client.ts";
import { startProxy, type TestProxy } from "./envoy-proxy.ts";

// What Envoy does by itself, before servers that see every attempt.

/** Of WebSockets, RFC 6455, section 1.3. */
const handshake = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that notes every request it gets. */
interface Upstream {
  readonly address: string;
  readonly seen: Seen[];
}

async function upstream(version: "1.1" | "2", answer: RequestListener): Promise<Upstream> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers });
    answer(request, response);
  };
  const server: Server = version === "2" ? createHttp2Server(listener as never) : createHttp1Server(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const breakOff: RequestListener = (request) => void request.socket.destroy();
const agree: RequestListener = (_, response) => void response.end("{}");

async function proxyTo(addresses: Readonly<Record<string, string>>): Promise<TestProxy> {
  const proxy = await startProxy(addresses);
  onTestFinished(() => proxy.remove());
  return proxy;
}

describe("a request that breaks off", () => {
  it.each([
    ["GET", "/", 3],
    ["GET", "/api/products", 3],
    ["GET", "/api/cart?sessionId=s", 1],
    ["POST", "/api/cart", 1],
    ["POST", "/api/checkout", 1],
    ["DELETE", "/api/cart", 1],
  ])("is sent again if it is without effect: %s %s, %i times in all", async (method, path, attempts) => {
    const frontend = await upstream("1.1", breakOff);
    const { url } = await proxyTo({ frontend: frontend.address });
    expect((await api(url, path, { method })).status).toBe(503);
    expect(frontend.seen).toHaveLength(attempts);
  });

  it("is sent again if its method is without effect or idempotent by the contract", async () => {
    const services = await upstream("2", breakOff);
    const { url } = await proxyTo({ cart: services.address, checkout: services.address });
    const cart = remoteClient(url, CartService);
    const attemptsAt = async (call: Promise<unknown>) => {
      services.seen.length = 0;
      expect((await refusalOf(call)).code).toBe(Code.Unavailable);
      return services.seen.length;
    };
    expect(await attemptsAt(cart.getCart({ userId: "u" }))).toBe(3);
    expect(await attemptsAt(cart.emptyCart({ userId: "u" }))).toBe(3);
    expect(await attemptsAt(cart.addItem({ userId: "u", item: { productId: "p", quantity: 1 } }))).toBe(1);
    const retryAnyway = { headers: { "x-envoy-retry-on": "reset", "x-envoy-max-retries": "5" } };
    expect(await attemptsAt(remoteClient(url, CheckoutService).placeOrder({ userId: "u" }, retryAnyway))).toBe(1);
  });

  it("is not sent again when a service has answered, whatever the answer", async () => {
    const frontend = await upstream("1.1", (_, response) => {
      response.statusCode = 503;
      response.end('{"reason":"STORE_UNAVAILABLE"}');
    });
    const { url } = await proxyTo({ frontend: frontend.address });
    const { status, body } = await api(url, "/api/products");
    expect({ status, body, attempts: frontend.seen.length }).toEqual({
      status: 503,
      body: '{"reason":"STORE_UNAVAILABLE"}',
      attempts: 1,
    });
  });
});

describe("headers", () => {
  it("of Envoy's own are heeded from nobody, and reach nobody", async () => {
    const frontend = await upstream("1.1", agree);
    const { url } = await proxyTo({ frontend: frontend.address });
    const headers = {
      "x-envoy-upstream-rq-timeout-ms": "1",
      "x-envoy-fault-delay-request": "20000",
      "x-envoy-fault-abort-request": "500",
      "x-envoy-original-path": "/forged",
      "x-envoy-force-trace": "true",
      "x-mine": "kept",
    };
    expect((await api(url, "/api/products", { headers })).status).toBe(200);
    const [request] = frontend.seen;
    expect(request?.headers["x-mine"]).toBe("kept");
    const ofEnvoy = Object.entries(request?.headers ?? {}).filter(([name]) => name.startsWith("x-envoy-"));
    // It tells this of itself.
    expect(Object.fromEntries(ofEnvoy)).toEqual({ "x-envoy-expected-rq-timeout-ms": "17000" });
  });

  it("for a delay of pictures count only while they are allowed", async () => {
    const images = await upstream("1.1", agree);
    const frontend = await upstream("1.1", agree);
    const proxy = await proxyTo({ "image-provider": images.address, frontend: frontend.address });
    const headers = { "x-envoy-fault-delay-request": "700" };
    const took = async (path: string) => {
      const begun = performance.now();
      expect((await api(proxy.url, path, { headers })).status).toBe(200);
      return performance.now() - begun;
    };
    const delays = async () => Number(/delays_injected: (\d+)/.exec(await proxy.admin("/stats"))?.[1] ?? 0);
    await took("/images/products/SolarFilter.jpg");
    expect(await delays()).toBe(0);
    await proxy.admin("/runtime_modify?fault.http.delay.fixed_delay_percent=100", "POST");
    expect(await took("/images/products/SolarFilter.jpg")).toBeGreaterThanOrEqual(690);
    await took("/api/products");
    expect(await delays()).toBe(1);
    expect(images.seen.at(-1)?.headers).not.toHaveProperty("x-envoy-fault-delay-request");
    expect(images.seen.at(-1)?.path).toBe("/products/SolarFilter.jpg");
    await proxy.admin("/runtime_modify?fault.http.delay.fixed_delay_percent=", "POST");
    await took("/images/products/SolarFilter.jpg");
    expect(await delays()).toBe(1);
  });
});

describe("without a service", () => {
  let proxy: TestProxy;
  beforeEach(async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    proxy = await startProxy({ frontend: nobody, cart: nobody });
  });
  afterEach(() => proxy.remove());

  it("a browser is shown a page", async () => {
    const { status, headers, body } = await api(proxy.url, "/", { headers: { accept: "text/html,*/*" } });
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 503, type: "text/html; charset=utf-8" });
    expect(body).toContain("<p>A part of the shop cannot be reached at the moment; try again in a little while.</p>");
  });

  it("the web API answers with problem details", async () => {
    const { headers, body } = await api(proxy.url, "/api/products");
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "about:blank",
      status: 503,
      title: "Service unavailable",
      detail: "A part of the shop cannot be reached at the moment; try again in a little while.",
      reason: "SERVICE_UNAVAILABLE",
    });
  });

  it.each([...everyTransport("http://unused").keys()])("a call over %s fails with a reason", async (name) => {
    const transport = everyTransport(proxy.url).get(name) ?? expect.unreachable(name);
    expect(await refusalOf(createClient(CartService, transport).getCart({ userId: "u" }))).toMatchObject({
      code: Code.Unavailable,
      reason: platformErrors.SERVICE_UNAVAILABLE.reason,
      message: "A part of the shop cannot be reached at the moment; try again in a little while.",
    });
  });
});

describe("a service that does not answer", () => {
  const keepSilent: RequestListener = () => {};

  it("is not waited for without end: a browser is shown a page, and the web API answers with problem details", async () => {
    const frontend = await upstream("1.1", keepSilent);
    const { url } = await proxyTo({ frontend: frontend.address, [timeoutSetting]: "1" });
    const [page, products, order] = await Promise.all([
      api(url, "/", { headers: { accept: "text/html,*/*" } }),
      api(url, "/api/products"),
      api(url, "/api/checkout", { body: {} }),
    ]);
    expect([page.status, products.status, order.status]).toEqual([504, 504, 504]);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.body).toContain("<p>The answer did not come in time; try again in a little while.</p>");
    for (const { headers, body } of [products, order]) {
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({ status: 504, reason: platformErrors.DEADLINE_EXCEEDED.reason });
    }
    // Nobody knows what has become of it.
    expect(frontend.seen.map(({ path }) => path).toSorted()).toEqual(["/", "/api/checkout", "/api/products"]);
  });

  it("fails a call over every transport with a reason", async () => {
    const services = await upstream("2", keepSilent);
    const { url } = await proxyTo({ cart: services.address, [timeoutSetting]: "1" });
    const refusals = [...everyTransport(url).values()].map((transport) =>
      refusalOf(createClient(CartService, transport).getCart({ userId: "u" })),
    );
    for (const refusal of await Promise.all(refusals)) {
      expect(refusal).toMatchObject({
        code: Code.DeadlineExceeded,
        reason: platformErrors.DEADLINE_EXCEEDED.reason,
        message: "The answer did not come in time; try again in a little while.",
      });
    }
  });

  it("is waited for where an answer may go on for ever", async () => {
    const flagd = await upstream("2", (_, response) => void setTimeout(() => response.end("at last"), 2_000));
    const { url } = await proxyTo({ flagd: flagd.address, [timeoutSetting]: "1" });
    expect(await api(url, "/flagservice/flagd.evaluation.v1.Service/EventStream", { body: {} })).toMatchObject({
      status: 200,
      body: "at last",
    });
  });
});

describe("too many requests of one client", () => {
  it("are refused, and say when to come again", async () => {
    const frontend = await upstream("1.1", agree);
    const { url } = await proxyTo({ frontend: frontend.address, [rateLimitSetting]: "5" });
    const answers = await Promise.all(Array.from({ length: 30 }, () => api(url, "/api/products")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(frontend.seen.length).toBe(30 - refused.length);
    expect(refused[0]?.headers.get("retry-after")).toBe("1");
    expect(refused[0]?.body).toMatchObject({ status: 429, title: "Too many requests", reason: "RATE_LIMITED" });
  });

  it.each([...everyTransport("http://unused").keys()])("are RESOURCE_EXHAUSTED over %s", async (name) => {
    const services = await upstream("2", agree);
    const { url } = await proxyTo({ cart: services.address, [rateLimitSetting]: "1" });
    const transport = everyTransport(url).get(name) ?? expect.unreachable(name);
    const cart = createClient(CartService, transport);
    const refusals = await Promise.all(Array.from({ length: 20 }, () => refusalOf(cart.getCart({ userId: "u" }))));
    expect(refusals).toContainEqual(
      expect.objectContaining({ code: Code.ResourceExhausted, reason: platformErrors.RATE_LIMITED.reason }),
    );
  });
});

describe("compression", () => {
  const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ index })));
  const answerWith =
    (type: string, body: string | Buffer, encoding?: string): RequestListener =>
    (_, response) => {
      response.setHeader("content-type", type);
      if (encoding !== undefined) response.setHeader("content-encoding", encoding);
      response.end(body);
    };
  const encodingOf = async (url: string, path: string) =>
    (await fetch(url + path, { headers: { "accept-encoding": "gzip" } })).headers.get("content-encoding");

  it.each([
    ["application/json", "gzip"],
    ["application/json; charset=utf-8", "gzip"],
    ["text/html; charset=utf-8", "gzip"],
    ["image/svg+xml", "gzip"],
    ["image/webp", null],
  ])("of %s to the web: %s", async (type, encoding) => {
    const frontend = await upstream("1.1", answerWith(type, text));
    const { url } = await proxyTo({ frontend: frontend.address });
    expect(await encodingOf(url, "/api/products")).toBe(encoding);
  });

  it("leaves what is compressed already, and all RPC", async () => {
    const frontend = await upstream("1.1", answerWith("text/javascript", gzipSync(text), "gzip"));
    const services = await upstream("2", answerWith("application/json", text));
    const { url } = await proxyTo({ frontend: frontend.address, cart: services.address });
    const script = await fetch(`${url}/assets/a.js`, { headers: { "accept-encoding": "gzip" } });
    expect(await script.text()).toBe(text);
    expect(await encodingOf(url, "/oteldemo.CartService/GetCart")).toBe(null);
  });
});

describe("what watches the shop", () => {
  it.each([
    ["/jaeger/ui/api/services", "jaeger", "/jaeger/ui/api/services", "1.1"],
    ["/grafana/d/shop?x=1", "grafana", "/grafana/d/shop?x=1", "1.1"],
    ["/otlp-http/v1/traces", "otel-collector-http", "/v1/traces", "1.1"],
    ["/loadgen/api/v1/status?x=1", "load-generator", "/api/v1/status?x=1", "1.1"],
    ["/flagservice/ofrep/v1/evaluate/flags", "flagd", "/ofrep/v1/evaluate/flags", "2"],
    ["/feature/schedule", "flagd-ui", "/schedule", "2"],
    ["/observatory/traces", "observatory", "/traces", "2"],
  ] as const)("%s goes to %s as %s, over HTTP/%s", async (path, cluster, forwarded, version) => {
    const server = await upstream(version, agree);
    const { url } = await proxyTo({ [cluster]: server.address });
    expect((await api(url, path)).status).toBe(200);
    // It is asked for its health beside that.
    expect(server.seen.map((request) => request.path).filter((each) => !each.startsWith("/grpc."))).toEqual([
      forwarded,
    ]);
  });

  it("is found by those who forget the slash of its folder, as all folders are", async () => {
    const { url } = await proxyTo({});
    for (const { prefix } of folders) {
      const { status, headers } = await api(url, `${prefix.slice(0, -1)}?x=1`);
      const location = new URL(headers.get("location") ?? "", url);
      expect({ prefix, status, location: location.href }).toEqual({
        prefix,
        status: 301,
        location: `${url}${prefix}?x=1`,
      });
    }
  });

  it("Grafana's live dashboards have their WebSocket", async () => {
    const server = createHttp1Server();
    server.on("upgrade", (request, socket) => {
      // RFC 6455, section 4.2.2: the answer's key; then a frame with a text.
      const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${handshake}`).digest("base64");
      const head = ["HTTP/1.1 101 Switching Protocols", "connection: upgrade", "upgrade: websocket"];
      socket.write(`${[...head, `sec-websocket-accept: ${accept}`].join("\r\n")}\r\n\r\n`);
      socket.write(Buffer.concat([Buffer.from([0x81, 4]), Buffer.from("live")]));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { url } = await proxyTo({ grafana: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    const socket = new WebSocket(`${url.replace("http", "ws")}/grafana/api/live/ws`);
    const message = await new Promise((resolve, reject) => {
      socket.addEventListener("message", ({ data }) => resolve(data));
      socket.addEventListener("error", reject);
    });
    expect(message).toBe("live");
    socket.close();
  });
});
