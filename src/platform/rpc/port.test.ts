import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { openPort, type Port, PortError } from "./port.ts";
import type { HttpHandler } from "./rpc-handler.ts";
import { route } from "./service-routes.ts";
import { everyTransport, serveForTest, until } from "./testing.ts";

const ports: Port[] = [];
afterEach(async () => {
  await Promise.all(ports.splice(0).map((port) => port.drain(0)));
});

async function open(handler: HttpHandler, limits = {}): Promise<Port> {
  const port = await openPort({ host: "127.0.0.1", port: 0, handler, limits });
  ports.push(port);
  return port;
}

const hello: HttpHandler = (_, response) => void response.end("hello");

/** What a raw connection answers until it is closed. */
async function talk(port: Port, ...said: string[]): Promise<string> {
  const socket = connect(port.port, "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const part of said) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.race([
    closed,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`still open after ${heard}`)), 5_000)),
  ]);
  return heard;
}

function get(port: Port, path = "/"): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    httpRequest({ port: port.port, host: "127.0.0.1", path, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

function getHttp2(port: Port): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port.port}`).on("error", reject);
    const stream = session.request({ ":path": "/" }).on("error", reject);
    let body = "";
    stream.on("data", (chunk) => {
      body += chunk;
    });
    stream.on("close", () => {
      session.close();
      if (stream.rstCode === 0) resolve(body);
      else reject(new Error(`reset with ${stream.rstCode}`));
    });
  });
}

test("one port answers HTTP/1.1 and HTTP/2", async () => {
  const port = await open((request, response) => void response.end(`HTTP ${request.httpVersion}`));
  expect((await get(port)).body).toBe("HTTP 1.1");
  expect(await getHttp2(port)).toBe("HTTP 2.0");
});

test("an HTTP/2 greeting in pieces is understood, and something like one is a bad request", async () => {
  const port = await open(hello);
  const socket = connect(port.port, "127.0.0.1");
  socket.write("PRI * HT");
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write("TP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
  const [settings] = (await once(socket, "data")) as [Buffer];
  expect(settings[3]).toBe(4);
  socket.destroy();
  expect(await talk(port, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
});

test.each([
  ["nothing at all", [""]],
  ["a greeting that never ends", ["PRI * HTTP/2.0\r\n"]],
  ["a head that never ends", ["GET / HTTP/1.1\r\nhost: x\r\n", "a: b\r\n"]],
  ["a body that never ends", ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc"]],
])("a connection that sends %s is cut off", async (_, said) => {
  const port = await open(
    (request, response) => {
      request.on("data", () => {}).on("end", () => response.end());
    },
    { headersMs: 150, requestMs: 300 },
  );
  expect(await talk(port, ...said)).toMatch(/^(HTTP\/1.1 408 |$)/);
});

test("an answer before the body is there tells that its connection ends; one after it does not", async () => {
  const port = await open((request, response) => {
    if (request.url === "/early") response.end("no");
    else request.on("data", () => {}).on("end", () => response.end("yes"));
  });
  const head = (path: string) => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n`;
  expect(await talk(port, `${head("/early")}abc`)).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
  const both = await talk(port, `${head("/late")}abc`, "defghij", `${head("/early")}abc`);
  expect(both.match(/^connection: [\w-]+/gim)).toEqual(["Connection: keep-alive", "Connection: close"]);
});

test("a body that trickles over HTTP/2 is cut off, one that came in time is not", async () => {
  const port = await open(
    (request, response) => {
      request.on("data", () => {}).on("end", () => setTimeout(() => response.end("done"), 2_000));
    },
    { requestMs: 1_000 },
  );
  const session = connectHttp2(`http://127.0.0.1:${port.port}`);
  const slow = session.request({ ":method": "POST", ":path": "/" });
  slow.on("error", () => {});
  const trickle = setInterval(() => !slow.closed && slow.write("x"), 20);
  const good = session.request({ ":method": "POST", ":path": "/" });
  good.end("x");
  const answered = once(good, "data");
  await once(slow, "close");
  clearInterval(trickle);
  expect(slow.rstCode).toBe(constants.NGHTTP2_CANCEL);
  expect(String((await answered)[0])).toBe("done");
  session.destroy();
});

test("a handler that throws costs its request only", async () => {
  const port = await open((request, response) => {
    if (request.url === "/bad") throw new Error("secret");
    response.end("fine");
  });
  const { status, body } = await get(port, "/bad");
  expect(status).toBe(500);
  expect(body).not.toContain("secret");
  expect((await get(port)).body).toBe("fine");
});

test.each([
  "GET / HTTP/9.9\r\n\r\n",
  "\0\0\0\0\r\n\r\n",
  `GET / HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(40_000)}\r\n\r\n`,
  "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n",
])("hostile bytes %# are a 4xx, and the port goes on", async (bytes) => {
  const port = await open(hello);
  expect(await talk(port, bytes)).toMatch(/^HTTP\/1.1 4\d\d /);
  expect((await get(port)).body).toBe("hello");
});

test("many connections opened and closed leave nothing behind", async () => {
  const port = await open(hello);
  const handles = () => process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length;
  await get(port);
  await getHttp2(port);
  const before = handles();
  for (let round = 0; round < 20; round++) {
    const silent: Socket[] = [];
    for (let i = 0; i < 10; i++) silent.push(connect(port.port, "127.0.0.1"));
    await Promise.all([
      ...silent.map((socket) => once(socket, "connect")),
      ...Array.from({ length: 10 }, () => get(port)),
      ...Array.from({ length: 5 }, () => getHttp2(port)),
    ]);
    for (const socket of silent) socket.destroy();
  }
  await until(() => handles() <= before + 2, `handles go down to ${before}: ${process.getActiveResourcesInfo()}`);
});

test("a taken port is told with what to do", async () => {
  const port = await open(hello);
  const again = openPort({ host: "127.0.0.1", port: port.port, handler: hello });
  await expect(again).rejects.toThrow(PortError);
  await expect(again).rejects.toThrow(
    `Port ${port.port} on 127.0.0.1 is taken by another program; stop it or choose another port.`,
  );
});

test("a drain lets calls of every kind finish, takes no more, and ends at once when they are done", async () => {
  const finish: (() => void)[] = [];
  const served = await serveForTest([
    route(AdService, { getAds: () => new Promise((resolve) => finish.push(() => resolve({ ads: [{ text: "x" }] }))) }),
  ]);
  const transports = [...everyTransport(served.origin).values()];
  const calls = transports.map((transport) => createClient(AdService, transport).getAds({}));
  await until(() => finish.length === transports.length, "all calls are under way");
  const start = performance.now();
  const drained = served.port.drain(20_000);
  const refused = createClient(AdService, createConnectTransport({ baseUrl: served.origin, httpVersion: "2" })).getAds(
    {},
  );
  await expect(refused).rejects.toSatisfy((error) => ConnectError.from(error).code === Code.Unavailable);
  for (const done of finish) done();
  for (const { ads } of await Promise.all(calls)) expect(ads).toHaveLength(1);
  await drained;
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("what is still under way after the grace time is cut off", async () => {
  const port = await open(() => {});
  const hanging = [get(port), getHttp2(port)].map((request) =>
    request.then(
      () => "answered",
      () => "cut off",
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  const start = performance.now();
  await port.drain(200);
  expect(performance.now() - start).toBeGreaterThan(150);
  expect(await Promise.all(hanging)).toEqual(["cut off", "cut off"]);
});

test("connections that only listen do not hold up a drain", async () => {
  const port = await open(hello);
  const silent = connect(port.port, "127.0.0.1");
  await once(silent, "connect");
  const session = connectHttp2(`http://127.0.0.1:${port.port}`);
  await once(session, "connect");
  const start = performance.now();
  await port.drain(10_000);
  expect(performance.now() - start).toBeLessThan(3_000);
});

test("an answer before a large body is there arrives", async () => {
  const port = await open((_, response) => {
    response.statusCode = 413;
    response.end("too large");
  });
  for (let round = 0; round < 10; round++) {
    const answer = await fetch(`http://127.0.0.1:${port.port}/`, { method: "POST", body: "x".repeat(8 * 1024 * 1024) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toBe("too large");
  }
});
