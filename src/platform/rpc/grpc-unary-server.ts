import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { decode, encode, FrameReader, frameOf } from "./grpc-frames.ts";
import { headersOf, metadataOf } from "./http2-metadata.ts";
import { type IncomingCall, methodName, type ServedMethod } from "./service-routes.ts";

/**
 * Answers unary calls of gRPC directly on streams of HTTP/2, with what connect-node's handler would answer, at a
 * fraction of its cost. Returns false for requests that are none: those by other protocols, of other methods, with
 * messages in JSON or compressed.
 */
export function grpcUnaryServer(
  methods: Iterable<ServedMethod>,
  maxMessageBytes: number,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const served = new Map<string, ServedMethod>();
  for (const each of methods) served.set(`/${methodName(each.method)}`, each);
  return (request, response) => {
    const method = served.get(request.url ?? "");
    if (method === undefined || request.method !== "POST" || !isHttp2(request)) return false;
    const { headers, stream } = request;
    if (!isPlainGrpc(headers)) return false;
    const call = new GrpcCall(headers, stream);
    serve(method, call, maxMessageBytes)
      .then(
        (frame) => send(response, call, frame),
        (error) => refuse(response, call, error),
      )
      // An error whose text no header can hold, say.
      .catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    return true;
  };
}

/** A request by Node's compatibility API for HTTP/2, which has the stream beneath it. */
type Http2Request = IncomingMessage & { readonly headers: IncomingHttpHeaders; readonly stream: ServerHttp2Stream };

function isHttp2(request: IncomingMessage): request is Http2Request {
  return "stream" in request;
}

function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  if (type !== "application/grpc" && type !== "application/grpc+proto") return false;
  const encoding = headers["grpc-encoding"];
  return encoding === undefined || encoding === "identity";
}

/** @returns the answer's frame */
async function serve({ method, invoke }: ServedMethod, call: GrpcCall, maxMessageBytes: number): Promise<Buffer> {
  if (call.timeoutError !== undefined) throw call.timeoutError;
  const request = await received(method, call.stream, maxMessageBytes);
  const answer = encode(method.output, await invoke(request, call));
  if (answer.byteLength > maxMessageBytes) {
    throw new ConnectError(
      `message size ${answer.byteLength} is larger than configured writeMaxBytes ${maxMessageBytes}`,
      Code.ResourceExhausted,
    );
  }
  return frameOf(answer);
}

/** The one message of a request. It stays pending when the stream is cut off, as nobody waits for an answer then. */
function received(method: DescMethodUnary, stream: ServerHttp2Stream, maxMessageBytes: number): Promise<Message> {
  return new Promise((resolve, reject) => {
    let message: Message | undefined;
    const frames = new FrameReader(maxMessageBytes, (bytes) => {
      if (message !== undefined) {
        throw new ConnectError("protocol error: received extra input message for unary method", Code.Unimplemented);
      }
      message = decode(method.input, bytes);
    });
    stream.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        // What is refused is not read to its end.
        stream.pause();
        reject(error);
      }
    });
    stream.on("end", () => {
      try {
        frames.end();
      } catch (error) {
        reject(error);
        return;
      }
      if (message !== undefined) resolve(message);
      else reject(new ConnectError("protocol error: missing input message for unary method", Code.Unimplemented));
    });
  });
}

/** An incoming call, of which nothing is put together before it is asked for. */
class GrpcCall implements IncomingCall {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly stream: ServerHttp2Stream;
  /** Why the timeout that the caller gave cannot be kept. */
  readonly timeoutError: ConnectError | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #begun = performance.now();
  readonly #timeoutMs: number | undefined;
  #header: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #controller: AbortController | undefined;

  constructor(headers: IncomingHttpHeaders, stream: ServerHttp2Stream) {
    this.stream = stream;
    this.#headers = headers;
    const timeout = headers["grpc-timeout"];
    if (timeout === undefined) return;
    const { timeoutMs, error } = parseTimeout(String(timeout), Number.MAX_SAFE_INTEGER);
    this.#timeoutMs = timeoutMs;
    this.timeoutError = error;
  }

  get url(): string {
    return `http://${this.#headers[":authority"] ?? this.#headers.host ?? ""}${this.#headers[":path"] ?? ""}`;
  }

  get timeoutMs(): number | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    return this.#timeoutMs - (performance.now() - this.#begun);
  }

  get header(): Headers {
    this.#header ??= metadataOf(this.#headers);
    return this.#header;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      const abort = () => controller.abort(new ConnectError("The caller went away.", Code.Canceled));
      if (this.stream.closed) abort();
      else this.stream.once("close", abort);
      this.#controller = controller;
    }
    return this.#controller.signal;
  }

  /** What the handler wants to be sent before its answer. */
  get sentHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  /** And after it. */
  get sentTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }
}

function send(response: ServerResponse, call: GrpcCall, frame: Buffer): void {
  writeHead(response, call);
  const trailers = headersOf(call.sentTrailer);
  trailers["grpc-status"] = "0";
  response.addTrailers(trailers);
  response.end(frame);
}

function refuse(response: ServerResponse, call: GrpcCall, error: unknown): void {
  const known =
    error instanceof ConnectError
      ? error
      : new ConnectError("internal error", Code.Internal, undefined, undefined, error);
  writeHead(response, call);
  response.addTrailers(headersOf(setTrailerStatus(call.responseTrailer, known)));
  response.end();
}

function writeHead(response: ServerResponse, call: GrpcCall): void {
  const headers = headersOf(call.sentHeader);
  headers["content-type"] = "application/grpc+proto";
  response.writeHead(200, headers);
}
