import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AdRequestSchema, AdResponseSchema, AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { frameOf } from "./grpc-frames.ts";
import { maxMessageBytes } from "./remote-transport.ts";
import { route } from "./service-routes.ts";
import { serveForTest, type TestServices, until } from "./testing.ts";

const waiting: AbortSignal[] = [];
const timeouts: (number | undefined)[] = [];

/** What is done depends on the first of the keys. */
const implementation: ServiceImpl<typeof AdService> = {
  async getAds({ contextKeys: [wish, text = ""] }, context) {
    context.responseHeader.set("x-header", "before");
    context.responseHeader.set("x-seen-bin", context.requestHeader.get("x-data-bin") ?? "");
    context.responseTrailer.set("x-trailer-bin", "AAEC/w");
    timeouts.push(context.timeoutMs());
    switch (wish) {
      case "fail":
        throw new ConnectError("no “ads” – 100 %", Code.FailedPrecondition, { "x-why": "because" });
      case "too large":
        return { ads: [{ text: "x".repeat(maxMessageBytes) }] };
      case "wait":
        waiting.push(context.signal);
        return new Promise(() => {});
      default:
        return { ads: [{ text }] };
    }
  },
};

const path = "/oteldemo.AdService/GetAds";
const encoded = (...contextKeys: string[]) => toBinary(AdRequestSchema, create(AdRequestSchema, { contextKeys }));
const framed = (...contextKeys: string[]) => frameOf(encoded(...contextKeys));
const answered = (text: string) => frameOf(toBinary(AdResponseSchema, create(AdResponseSchema, { ads: [{ text }] })));

let served: TestServices;
let ours: ClientHttp2Session;
/** A server that connect-node makes by itself. */
const plain = createServer(
  connectNodeAdapter({
    routes: ({ service }) => service(AdService, implementation),
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
  }),
);
let theirs: ClientHttp2Session;

beforeAll(async () => {
  served = await serveForTest([route(AdService, implementation)], { limits: { timeoutMs: 1e9 } });
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await served.port.drain(0);
  plain.close();
});
beforeEach(() => {
  ours = connect(served.origin);
  theirs = connect(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
});
afterEach(() => {
  waiting.length = 0;
  timeouts.length = 0;
  ours.destroy();
  theirs.destroy();
});

interface Sent {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: readonly Uint8Array[];
  /** The sender says nothing more, and does not end the request either. */
  readonly isOpen?: boolean;
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

const head = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };

async function call(session: ClientHttp2Session, { headers = {}, body = [framed("", "x")], isOpen }: Sent) {
  const stream = session.request({ ...head, ...headers });
  const answer: { -readonly [K in keyof Answer]: Answer[K] } = { headers: {}, body: Buffer.alloc(0), trailers: {} };
  stream.on("response", (received) => {
    answer.headers = received;
  });
  stream.on("trailers", (received) => {
    answer.trailers = received;
  });
  stream.on("data", (chunk: Buffer) => {
    answer.body = Buffer.concat([answer.body, chunk]);
  });
  stream.on("error", () => {});
  for (const chunk of body) stream.write(chunk);
  if (!isOpen) stream.end();
  await once(stream, "end");
  stream.close(constants.NGHTTP2_CANCEL);
  return answer satisfies Answer;
}

const short = Buffer.from([0, 0, 0, 0, 9, 1, 2]);
const announcing = (bytes: number) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
};

const odd: Readonly<Record<string, Sent>> = {
  "a message": {},
  "a message in single bytes": { body: [...framed("", "x")].map((byte) => Uint8Array.of(byte)) },
  "a message of no bytes": { body: [announcing(0)] },
  "a message whose prefix has bits that nobody knows": { body: [Buffer.from([4, 0, 0, 0, 0])] },
  "no message": { body: [] },
  "two messages": { body: [framed("", "x"), framed("", "y")] },
  "a message and the beginning of a prefix": { body: [framed("", "x"), Buffer.from([0, 0])] },
  "a message and the beginning of another": { body: [framed("", "x"), short] },
  "the beginning of a prefix": { body: [Buffer.from([0, 0])] },
  "the beginning of a message": { body: [short] },
  "a message that is no Protobuf": { body: [frameOf(Buffer.from([0x0a, 0xff, 0xff]))] },
  "two messages, the first no Protobuf": { body: [frameOf(Buffer.from([0x0a, 0xff])), framed("", "y")] },
  "a message said to be too large": { body: [announcing(maxMessageBytes + 1)], isOpen: true },
  "a message said to be larger than anything": { body: [announcing(0xffff_ffff)], isOpen: true },
  "a second message said to be too large": { body: [framed("", "x"), announcing(maxMessageBytes + 1)], isOpen: true },
  "a compressed message of no encoding": { body: [Buffer.from([1, 0, 0, 0, 0])] },
  "a message said to be compressed by identity": { headers: { "grpc-encoding": "identity" } },
  "a message that is not compressed, though the encoding is gzip": { headers: { "grpc-encoding": "gzip" } },
  "a compressed message": {
    headers: { "grpc-encoding": "gzip" },
    body: [
      (() => {
        const frame = frameOf(gzipSync(encoded("", "x")));
        frame[0] = 1;
        return frame;
      })(),
    ],
  },
  "an encoding that nobody knows": { headers: { "grpc-encoding": "snappy" } },
  "a refusal": { body: [framed("fail")] },
  "an answer that is too large": { body: [framed("too large")] },
  "the name of the format": { headers: { "content-type": "application/grpc+proto" } },
  JSON: {
    headers: { "content-type": "application/grpc+json" },
    body: [frameOf(Buffer.from('{"contextKeys": ["", "x"]}'))],
  },
  "a content type in capitals": { headers: { "content-type": "Application/gRPC" } },
  "another format": { headers: { "content-type": "application/grpc+thrift" } },
  "another method": { headers: { ":path": "/oteldemo.AdService/Nope" } },
  "a query": { headers: { ":path": `${path}?a=b` } },
  PUT: { headers: { ":method": "PUT" } },
  ...Object.fromEntries(
    ["", "1", "m", "1s", "-1m", "1 m", "1.5S", "123456789m", "1m, 2m", "0x1m"].map((timeout) => [
      `a timeout of ${JSON.stringify(timeout)}`,
      { headers: { "grpc-timeout": timeout } },
    ]),
  ),
};

test.each(Object.entries(odd))("%s is answered as connect-node does", async (_, sent) => {
  const seen = async (session: ClientHttp2Session) => {
    const { headers, body, trailers } = await call(session, sent);
    const { date, vary, ...others } = headers;
    return { headers: { ...others }, body, trailers: { ...trailers } };
  };
  const [here, there] = await Promise.all([seen(ours), seen(theirs)]);
  expect(here).toEqual(there);
});

test.each([
  ["20H", 72_000_000],
  ["30M", 1_800_000],
  ["40S", 40_000],
  ["50000m", 50_000],
  ["60000000u", 60_000],
  ["99999999n", 100],
])("a timeout of %s is understood", { retry: 3 }, async (timeout, ms) => {
  // More than 100 ms cannot be said in nanoseconds, and a machine may pause for that long: hence the repetitions.
  const { trailers } = await call(ours, { headers: { "grpc-timeout": timeout } });
  expect(trailers["grpc-status"]).toBe("0");
  expect(timeouts[0]).toBeLessThanOrEqual(ms);
  expect(timeouts[0]).toBeGreaterThan(ms / 2 - 50);
});

test("a call whose time is up is told so", async () => {
  const { trailers } = await call(ours, { headers: { "grpc-timeout": "1000m" }, body: [framed("wait")] });
  expect(trailers["grpc-status"]).toBe("4");
  await until(() => waiting[0]?.aborted === true, "the handler's signal aborts");
});

test("metadata goes both ways, binary too", async () => {
  const { headers, body, trailers } = await call(ours, { headers: { "x-data-bin": "AP8=" } });
  expect(body).toEqual(answered("x"));
  expect(headers).toMatchObject({ ":status": 200, "x-header": "before", "x-seen-bin": "AP8=" });
  expect(trailers).toMatchObject({ "grpc-status": "0", "x-trailer-bin": "AAEC/w" });
});

test("metadata of a refusal goes too", async () => {
  const { headers, trailers } = await call(ours, { body: [framed("fail")] });
  expect(headers).toMatchObject({ "x-header": "before" });
  expect(trailers).toMatchObject({ "grpc-status": "9", "x-trailer-bin": "AAEC/w", "x-why": "because" });
});

describe("a call that is cancelled", () => {
  test("before its message is there does not reach its handler", async () => {
    const stream = ours.request(head);
    stream.write(framed("wait").subarray(0, 7));
    await once(stream, "ready");
    stream.close(constants.NGHTTP2_CANCEL);
    await call(ours, {});
    expect(waiting).toEqual([]);
    expect(timeouts).toHaveLength(1);
  });

  test("later aborts the signal of its handler, and costs nobody else", async () => {
    const stream = ours.request(head);
    stream.end(framed("wait"));
    await until(() => waiting.length === 1, "the handler is called");
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => waiting[0]?.aborted === true, "its signal aborts");
    expect((await call(ours, {})).trailers["grpc-status"]).toBe("0");
  });

  test("by the end of its connection does so too", async () => {
    ours
      .request(head)
      .on("error", () => {})
      .end(framed("wait"));
    await until(() => waiting.length === 1, "the handler is called");
    ours.destroy();
    await until(() => waiting[0]?.aborted === true, "its signal aborts");
    expect(served.logged).toEqual([]);
  });
});

test("a page's call is answered with what pages may read", async () => {
  const { headers } = await call(ours, { headers: { origin: "https://shop.example" } });
  expect(headers).toMatchObject({ "access-control-allow-origin": "https://shop.example", vary: "Origin" });
});
