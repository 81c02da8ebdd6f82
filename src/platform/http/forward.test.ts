import { once } from "node:events";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openPort, type Port } from "../rpc/port.ts";
import { until } from "../rpc/testing.ts";
import { forwardHttp } from "./forward.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A port that forwards to a server which answers as told. */
async function forwardTo(answer: RequestListener): Promise<Port> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port = await openPort({ host: "127.0.0.1", port: 0, handler: forwardHttp([origin]) });
  closers.push(() => port.drain(0));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return port;
}

const url = (port: Port, path = "/") => `http://127.0.0.1:${port.port}${path}`;

const echo: RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const { method, url: path, headers } = request;
    response.writeHead(201, { "content-type": "application/json", "set-cookie": ["a=1", "b=2"], "keep-alive": "x" });
    response.end(JSON.stringify({ method, path, headers, body }));
  });
};

interface Echo {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

test("method, path, headers, body and status go through; what ends at a hop does not", async () => {
  const port = await forwardTo(echo);
  const response = await fetch(url(port, "/api/cart?x=%2F"), {
    method: "PATCH",
    body: "hello",
    headers: { "x-mine": "1", te: "trailers" },
  });
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  const seen = (await response.json()) as Echo;
  expect(seen).toMatchObject({ method: "PATCH", path: "/api/cart?x=%2F", body: "hello" });
  expect(seen.headers["x-mine"]).toBe("1");
  expect(seen.headers).not.toHaveProperty("te");
});

test("headers that Connection names end at the hop", async () => {
  const port = await forwardTo(echo);
  const seen = await new Promise<Echo>((resolve) => {
    httpRequest(url(port), { headers: { connection: "close, x-secret", "x-secret": "1" } }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve(JSON.parse(body)));
    }).end();
  });
  expect(seen.headers).not.toHaveProperty("x-secret");
});

test.each(["DELETE", "POST", "GET"])(
  "a body in chunks of a %s is a body, and never another request",
  async (method) => {
    const paths: (string | undefined)[] = [];
    const port = await forwardTo((request, response) => {
      paths.push(request.url);
      echo(request, response);
    });
    const smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    const size = smuggled.length.toString(16);
    const socket = connect(port.port, "127.0.0.1");
    socket.write(
      `${method} /one HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    const [heard] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(heard.toString()).toContain("201 Created");
    await fetch(url(port, "/two"));
    expect(paths).toEqual(["/one", "/two"]);
  },
);

test("an HTTP/2 request goes through, with its body", async () => {
  const port = await forwardTo(echo);
  const session = connectHttp2(url(port));
  const stream = session.request({ ":method": "DELETE", ":path": "/api" }, { endStream: false });
  stream.end("bye");
  let body = "";
  for await (const chunk of stream) body += chunk;
  session.close();
  expect(JSON.parse(body)).toMatchObject({ method: "DELETE", path: "/api", body: "bye" });
});

test("a server that is not there is 503, with a text for people", async () => {
  const port = await openPort({ host: "127.0.0.1", port: 0, handler: forwardHttp(["http://127.0.0.1:1"]) });
  closers.push(() => port.drain(0));
  const response = await fetch(url(port));
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ reason: "SERVICE_UNAVAILABLE" });
});

test("a server that dies within its answer breaks the answer off, rather than leave it hanging", async () => {
  const port = await forwardTo((_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  });
  await expect(fetch(url(port)).then((response) => response.text())).rejects.toThrow();
});

test("a client that goes away ends the request to the server", async () => {
  let isGone = false;
  const port = await forwardTo((_, response) => {
    response.write("begin");
    response.once("close", () => {
      isGone = true;
    });
  });
  const end = new AbortController();
  const response = await fetch(url(port), { signal: end.signal });
  expect(response.status).toBe(200);
  end.abort();
  await until(() => isGone, "the server notices");
});
