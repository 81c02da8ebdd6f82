import {
  constants,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { AdResponseSchema, AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { errorInfo, platformErrors, rpcError } from "./errors.ts";
import { frameOf } from "./grpc-frames.ts";
import { grpcUnaryClient } from "./grpc-unary-client.ts";
import { remoteTransport } from "./remote-transport.ts";
import { replicatedTransport } from "./replicas.ts";
import { grpcJsMethod, until } from "./testing.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** What a call came with. */
interface Around {
  readonly headers: IncomingHttpHeaders;
  readonly session: Http2Session | undefined;
  /** Breaks the connection as a machine does that goes away. */
  readonly breakOff: () => void;
}

/** A server that does with each call what it is told. */
async function serve(answer: (stream: ServerHttp2Stream, around: Around) => void): Promise<string> {
  const server = createServer();
  const sockets = new Set<Socket>();
  const breakOff = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, { headers, session: stream.session, breakOff });
  });
  closing.push(() => {
    breakOff();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const method = AdService.method.getAds;
const maxMessageBytes = 1_000;
const ads = frameOf(toBinary(AdResponseSchema, create(AdResponseSchema, { ads: [{ text: "x" }] })));
const grpc = { ":status": 200, "content-type": "application/grpc" };
const ok = { "grpc-status": "0" };

interface Outcome {
  readonly ads?: readonly (string | undefined)[];
  readonly code?: string | undefined;
  readonly text?: string;
  readonly details?: unknown;
  readonly header?: Readonly<Record<string, string>>;
  readonly trailer?: Readonly<Record<string, string>>;
}

const withoutDate = (metadata: Headers) => Object.fromEntries([...metadata].filter(([name]) => name !== "date"));

function outcomeOf(
  call: Promise<{ message: { ads: { text: string }[] }; header: Headers; trailer: Headers }>,
): Promise<Outcome> {
  return call.then(
    ({ message, header, trailer }) => ({
      ads: message.ads.map(({ text }) => text),
      header: withoutDate(header),
      trailer: withoutDate(trailer),
    }),
    (error) => {
      const { code, rawMessage, details, metadata } = ConnectError.from(error);
      return { code: Code[code], text: rawMessage, details, header: withoutDate(metadata) };
    },
  );
}

const byOurs = (origin: string, signal?: AbortSignal, timeoutMs: number | undefined = 5_000) => {
  const connection = new Http2SessionManager(origin);
  closing.push(() => connection.abort());
  return outcomeOf(
    grpcUnaryClient(connection, maxMessageBytes)(method, {}, { header: undefined, timeoutMs, signals: [signal] }),
  );
};

const byConnectNode = (origin: string) => {
  const sessionManager = new Http2SessionManager(origin);
  closing.push(() => sessionManager.abort());
  const transport = createGrpcTransport({
    baseUrl: origin,
    readMaxBytes: maxMessageBytes,
    acceptCompression: [],
    sessionManager,
  });
  return outcomeOf(transport.unary(method, undefined, 5_000, undefined, {}));
};

/** Head, body and trailers, one after the other; without trailers the body is the end. */
function answering(head: OutgoingHttpHeaders, body: readonly Uint8Array[], trailers?: OutgoingHttpHeaders) {
  return (stream: ServerHttp2Stream) => {
    stream.respond(head, { waitForTrailers: trailers !== undefined });
    if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const chunk of body) stream.write(chunk);
    stream.end();
  };
}

const trailersOnly = (headers: OutgoingHttpHeaders) => (stream: ServerHttp2Stream) =>
  stream.respond({ ...grpc, ...headers }, { endStream: true });

const page = { "content-type": "text/html" };
const html = Buffer.from("<h1>Sorry</h1>");

const odd: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  "an answer": answering(grpc, [ads], ok),
  "an answer with metadata": answering({ ...grpc, "x-a": "1" }, [ads], { ...ok, "x-b-bin": "AP8" }),
  "an answer in single bytes": answering(
    grpc,
    [...ads].map((byte) => Uint8Array.of(byte)),
    ok,
  ),
  "an answer of another format's name": answering({ ...grpc, "content-type": "application/grpc+proto" }, [ads], ok),
  "an answer in JSON": answering(
    { ...grpc, "content-type": "application/grpc+json" },
    [frameOf(Buffer.from("{}"))],
    ok,
  ),
  "an answer whose encoding is identity": answering({ ...grpc, "grpc-encoding": "identity" }, [ads], ok),
  "an empty message": answering(grpc, [Buffer.alloc(5)], ok),
  "no message": answering(grpc, [], ok),
  "no status": answering(grpc, [ads]),
  "no status in the trailers": answering(grpc, [ads], { "x-a": "1" }),
  "neither message nor status": answering(grpc, []),
  "a refusal": answering(grpc, [], { "grpc-status": "5", "grpc-message": "no %E2%80%9Cad%E2%80%9D", "x-a": "1" }),
  "a refusal with a message": answering(grpc, [ads], { "grpc-status": "9", "grpc-message": "no" }),
  "a refusal without a text": answering(grpc, [], { "grpc-status": "9" }),
  "a refusal with details": answering(grpc, [], {
    "grpc-status": "3",
    "grpc-message": "no",
    "grpc-status-details-bin": "CAMSAm5vGgUKA2EvYg",
  }),
  "details that are no status": answering(grpc, [], { "grpc-status": "3", "grpc-status-details-bin": "////" }),
  "details of a status that is none": answering(grpc, [ads], { ...ok, "grpc-status-details-bin": "CAA" }),
  "a text that is not escaped as it should be": answering(grpc, [], { "grpc-status": "9", "grpc-message": "%zz" }),
  "a status that nobody knows": answering(grpc, [], { "grpc-status": "99" }),
  "a status that is no number": answering(grpc, [], { "grpc-status": "x" }),
  "a refusal by headers alone": trailersOnly({ "grpc-status": "7", "grpc-message": "no", "x-a": "1" }),
  "success by headers alone": trailersOnly(ok),
  "headers alone, without a status": trailersOnly({}),
  "a message after a refusal by headers": answering({ ...grpc, "grpc-status": "7" }, [ads], ok),
  "a message after success by headers": answering({ ...grpc, ...ok }, [ads]),
  "two messages": answering(grpc, [ads, ads], ok),
  "half a message": answering(grpc, [ads.subarray(0, 7)], ok),
  "a message and a half": answering(grpc, [ads, ads.subarray(0, 7)], ok),
  "half a message and a refusal": answering(grpc, [ads.subarray(0, 7)], { "grpc-status": "9" }),
  "a message that is too large": answering(grpc, [frameOf(Buffer.alloc(1_001))], ok),
  "a message that is no Protobuf": answering(grpc, [frameOf(Buffer.from([0x0a, 0xff]))], ok),
  "a compressed message": answering({ ...grpc, "grpc-encoding": "gzip" }, [Buffer.from([1, 0, 0, 0, 0])], ok),
  "a compressed message of no encoding": answering(grpc, [Buffer.from([1, 0, 0, 0, 0])], ok),
  "a page": answering({ ":status": 200, ...page }, [html]),
  ...Object.fromEntries(
    [204, 301, 400, 401, 403, 404, 429, 500, 502, 503, 504].map((code) => [
      `a page of status ${code}`,
      answering({ ":status": code, ...page }, code === 204 ? [] : [html]),
    ]),
  ),
  "a stream that is refused": (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  "a stream that fails": (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  "a stream that is too much": (stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
};

test.each(Object.entries(odd))("%s means what it means to connect-node", async (_, answer) => {
  const origin = await serve(answer);
  expect(await byOurs(origin)).toEqual(await byConnectNode(origin));
});

test.each<[string, (stream: ServerHttp2Stream, around: Around) => void]>([
  ["is cancelled by the other side", (stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ["is refused", (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
  ["loses its connection", (_, { breakOff }) => breakOff()],
  [
    "loses its connection after the head of the answer",
    (stream, { breakOff }) => {
      stream.respond(grpc);
      stream.write(ads, breakOff);
    },
  ],
  [
    "is cut off within the answer",
    (stream) => {
      stream.respond(grpc, { waitForTrailers: true });
      stream.write(ads.subarray(0, 7), () => stream.close(constants.NGHTTP2_CANCEL));
    },
  ],
  ["gets a page of a proxy that finds nobody", answering({ ":status": 503, ...page }, [html])],
])("a call that %s fails as the service that cannot be reached", async (_, answer) => {
  const origin = await serve(answer);
  const error = await createClient(AdService, remoteTransport(origin))
    .getAds({})
    .catch((cause: unknown) => cause);
  expect(errorInfo(error)?.reason).toBe("SERVICE_UNAVAILABLE");
});

describe("a call that is not waited for any longer", () => {
  /** A server that never answers, and the streams that it has, with how they were reset. */
  async function silent() {
    const reset: number[] = [];
    let streams = 0;
    const origin = await serve((stream) => {
      streams++;
      stream.on("close", () => reset.push(stream.rstCode));
    });
    return { origin, reset, streams: () => streams };
  }

  test("because of its caller is cancelled on the other side", async () => {
    const { origin, reset, streams } = await silent();
    const caller = new AbortController();
    const call = byOurs(origin, caller.signal);
    await until(() => streams() === 1, "the call arrives");
    caller.abort();
    expect(await call).toMatchObject({ code: "Canceled" });
    await until(() => reset.length === 1, "the stream is reset");
    expect(reset).toEqual([constants.NGHTTP2_CANCEL]);
  });

  test("because its time is up is cancelled on the other side", async () => {
    const { origin, reset } = await silent();
    expect(await byOurs(origin, undefined, 1_000)).toMatchObject({ code: "DeadlineExceeded" });
    await until(() => reset.length === 1, "the stream is reset");
    expect(reset).toEqual([constants.NGHTTP2_CANCEL]);
  });

  test("from the beginning is not made", async () => {
    const { origin, streams } = await silent();
    expect(await byOurs(origin, AbortSignal.abort())).toMatchObject({ code: "Canceled" });
    expect(await byOurs(origin, AbortSignal.abort(rpcError(platformErrors.OVERLOADED, "enough")))).toMatchObject({
      code: "ResourceExhausted",
      text: "enough",
    });
    expect(streams()).toBe(0);
  });
});

test.each([
  ["and the stream ended", answering(grpc, [], { "grpc-status": "8", "grpc-message": "too%20much" })],
  [
    "and the stream reset",
    (stream: ServerHttp2Stream) => {
      trailersOnly({ "grpc-status": "8", "grpc-message": "too%20much" })(stream);
      stream.close(constants.NGHTTP2_CANCEL);
    },
  ],
])("a refusal that comes before the message was sent is heard, the rest not sent, %s", async (_, refuse) => {
  const reset: number[] = [];
  const origin = await serve((stream) => {
    stream.on("close", () => reset.push(stream.rstCode));
    stream.pause();
    refuse(stream);
  });
  const client = createClient(AdService, remoteTransport(origin));
  const call = client.getAds({ contextKeys: ["x".repeat(3_000_000)] }, { timeoutMs: 5_000 });
  await expect(call).rejects.toMatchObject({ code: Code.ResourceExhausted, rawMessage: "too much" });
  await until(() => reset.length === 1, "the stream is reset");
});

test("a request has what the protocol asks for, and the metadata that it was given", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const origin = await serve((stream, { headers }) => {
    seen.push(headers);
    answering(grpc, [ads], ok)(stream);
  });
  const client = createClient(AdService, remoteTransport(origin));
  await client.getAds({}, { headers: { "X-Data-Bin": "AP8", TE: "gzip", "grpc-timeout": "1n" }, timeoutMs: 1_500.5 });
  await client.getAds({});
  const [first, second] = seen;
  expect(first).toMatchObject({
    ":method": "POST",
    ":scheme": "http",
    ":path": "/oteldemo.AdService/GetAds",
    "content-type": "application/grpc+proto",
    "grpc-timeout": "1501m",
    te: "trailers",
    "x-data-bin": "AP8",
  });
  expect(first?.["user-agent"]).toMatch(/^grpc-node-/);
  expect(second).not.toHaveProperty("grpc-timeout");
});

test("calls share a connection, and one that has ended is followed by another", async () => {
  const sessions = new Set<Http2Session>();
  const origin = await serve((stream, { session }) => {
    if (session !== undefined) sessions.add(session);
    answering(grpc, [ads], ok)(stream);
  });
  const client = createClient(AdService, replicatedTransport([origin]));
  await Promise.all(Array.from({ length: 50 }, () => client.getAds({})));
  expect(sessions.size).toBe(1);
  for (const session of sessions) session.close();
  await Promise.all(Array.from({ length: 50 }, () => client.getAds({})));
  expect(sessions.size).toBe(2);
});

test("a plain server by connect-node answers", async () => {
  const server = createServer(
    connectNodeAdapter({
      routes: ({ service }) => service(AdService, { getAds: ({ contextKeys: [text = ""] }) => ({ ads: [{ text }] }) }),
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const client = createClient(AdService, remoteTransport(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  expect(await client.getAds({ contextKeys: ["é"] })).toMatchObject({ ads: [{ text: "é" }] });
});

describe("a server by grpc-js", () => {
  type Handle = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;

  /** One method, which takes and gives bytes as they are. */
  async function grpcJs(getAds: Handle) {
    const server = new Server();
    server.addService({ getAds: grpcJsMethod("/oteldemo.AdService/GetAds") }, { getAds });
    closing.push(() => server.forceShutdown());
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return createClient(AdService, remoteTransport(`http://127.0.0.1:${port}`));
  }

  const metadata = (name: string, value: string | Buffer) => {
    const made = new Metadata();
    made.set(name, value);
    return made;
  };

  test("answers, with metadata in every place", async () => {
    const client = await grpcJs((call, done) => {
      call.sendMetadata(metadata("x-seen-bin", call.metadata.get("x-data-bin")[0] ?? ""));
      done(null, Buffer.alloc(0), metadata("x-trailer", "after"));
    });
    const got: Record<string, string | null> = {};
    const { ads: none } = await client.getAds(
      {},
      {
        headers: { "x-data-bin": "AP8" },
        onHeader: (header) => {
          got.header = header.get("x-seen-bin");
        },
        onTrailer: (trailer) => {
          got.trailer = trailer.get("x-trailer");
        },
      },
    );
    expect(none).toEqual([]);
    expect(got).toEqual({ header: "AP8=", trailer: "after" });
  });

  test("takes and gives large messages", async () => {
    const text = "x".repeat(3_000_000);
    let bytes = 0;
    const client = await grpcJs((call, done) => {
      bytes = call.request.byteLength;
      done(null, Buffer.from(toBinary(AdResponseSchema, create(AdResponseSchema, { ads: [{ text }] }))));
    });
    const { ads: all } = await client.getAds({ contextKeys: [text] });
    expect(bytes).toBeGreaterThan(text.length);
    expect(all[0]?.text).toBe(text);
  });

  test("refuses with its code, text and details", async () => {
    const refusal = rpcError(platformErrors.OVERLOADED, "100 % “busy”");
    const client = await grpcJs((_, done) => {
      const trailer = setTrailerStatus(new Headers(), refusal);
      const bytes = Buffer.from(trailer.get("grpc-status-details-bin") ?? "", "base64");
      done({
        code: status.RESOURCE_EXHAUSTED,
        details: refusal.rawMessage,
        metadata: metadata("grpc-status-details-bin", bytes),
      });
    });
    const error = await client.getAds({}).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: "100 % “busy”" });
    expect(errorInfo(error)?.reason).toBe("OVERLOADED");
  });

  test("hears of a deadline, and of a call that is cancelled", async () => {
    const deadlines: number[] = [];
    let cancelled = 0;
    const client = await grpcJs((call) => {
      deadlines.push(Number(call.getDeadline()) - Date.now());
      call.on("cancelled", () => cancelled++);
    });
    const error = await client.getAds({}, { timeoutMs: 1_000 }).catch((cause: unknown) => cause);
    expect(errorInfo(error)?.reason).toBe("DEADLINE_EXCEEDED");
    expect(deadlines[0]).toBeLessThanOrEqual(1_000);
    await until(() => cancelled === 1, "the first call is cancelled");
    const caller = new AbortController();
    const call = client.getAds({}, { signal: caller.signal }).catch((cause: unknown) => cause);
    await until(() => deadlines.length === 2, "the second call arrives");
    caller.abort();
    expect(await call).toMatchObject({ code: Code.Canceled });
    await until(() => cancelled === 2, "the second call is cancelled");
  });
});
