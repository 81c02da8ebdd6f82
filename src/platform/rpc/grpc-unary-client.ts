import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { validateResponseWithCompression, validateTrailer } from "@connectrpc/connect/protocol-grpc";
import type { Http2SessionManager } from "@connectrpc/connect-node";
import { decode, encode, FrameReader, frameOf } from "./grpc-frames.ts";
import { headersOf, type MetadataInit, metadataOf } from "./http2-metadata.ts";

/** What a call has besides its message. */
export interface UnaryCallOptions {
  readonly header: MetadataInit | undefined;
  /** So long the answer is waited for, in milliseconds; for ever when it is undefined or zero, as Connect has it. */
  readonly timeoutMs: number | undefined;
  /** The call is cancelled when one of them aborts. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** Calls a method with one message for one message. */
export type UnaryCaller = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  options: UnaryCallOptions,
) => Promise<UnaryResponse<I, O>>;

/**
 * Makes unary calls of gRPC directly on streams of HTTP/2. A call fails as it would by connect-node's transport, which
 * is the more general and costs several times as much: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function grpcUnaryClient(connection: Http2SessionManager, maxMessageBytes: number): UnaryCaller {
  return async (method, input, { header, signals, ...options }) => {
    const timeoutMs = options.timeoutMs === undefined || options.timeoutMs <= 0 ? undefined : options.timeoutMs;
    const { headers, trailers, message } = await exchange({
      connection,
      path: `/${method.parent.typeName}/${method.name}`,
      headers: requestHeaders(header, timeoutMs),
      body: frameOf(encode(method.input, input)),
      read: (bytes) => decode(method.output, bytes),
      maxMessageBytes,
      timeoutMs,
      signals,
    });
    return answer(method, message, headers, trailers);
  };
}

/** Hardly anybody asks for the metadata of an answer: it is put together when somebody does. */
function answer<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  message: MessageShape<O>,
  headers: IncomingHttpHeaders,
  trailers: IncomingHttpHeaders,
): UnaryResponse<I, O> {
  let header: Headers | undefined;
  let trailer: Headers | undefined;
  return {
    stream: false,
    service: method.parent,
    method,
    message,
    get header() {
      header ??= metadataOf(headers);
      return header;
    },
    get trailer() {
      trailer ??= metadataOf(trailers);
      return trailer;
    },
  };
}

/** The protocol has eight digits for a timeout: more than a day in milliseconds. */
const longestTimeoutMs = 99_999_999;

function requestHeaders(header: MetadataInit | undefined, timeoutMs: number | undefined): OutgoingHttpHeaders {
  const headers = headersOf(header === undefined || header instanceof Headers ? header : new Headers(header));
  headers["content-type"] = "application/grpc+proto";
  headers["user-agent"] ??= "grpc-node-orrery";
  headers.te = "trailers";
  if (timeoutMs !== undefined) headers["grpc-timeout"] = `${Math.min(Math.ceil(timeoutMs), longestTimeoutMs)}m`;
  return headers;
}

interface Exchange<M> {
  readonly connection: Http2SessionManager;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly read: (bytes: Uint8Array) => M;
  readonly maxMessageBytes: number;
  readonly timeoutMs: number | undefined;
  readonly signals: readonly (AbortSignal | undefined)[];
}

interface Exchanged<M> {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly message: M;
}

/** Sends a request and waits for what ends it first: its answer, its time, its caller, its connection. */
function exchange<M>(sent: Exchange<M>): Promise<Exchanged<M>> {
  const { connection, signals, timeoutMs } = sent;
  return new Promise((resolve, reject) => {
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted !== undefined) {
      reject(ConnectError.from(aborted.reason, Code.Canceled));
      return;
    }
    let stream: ClientHttp2Stream | undefined;
    let isOver = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => fail(new ConnectError("the operation timed out", Code.DeadlineExceeded)),
            Math.min(timeoutMs, longestTimeoutMs),
          );
    for (const signal of signals) signal?.addEventListener("abort", abort);

    connection.request("POST", sent.path, sent.headers, {}).then((opened) => {
      stream = opened;
      // What fails is told by the stream's end too, and without a listener it would be a defect of the process.
      stream.on("error", (error) => fail(connectionError(error)));
      if (isOver) stream.close(constants.NGHTTP2_CANCEL);
      else listen(stream);
    }, notOpened);

    function notOpened(error: unknown): void {
      fail(connectionError(error));
    }

    function listen(opened: ClientHttp2Stream): void {
      const received = new ReceivedAnswer(sent.maxMessageBytes, sent.read);
      // The connection takes the head of an answer for a sign of life, and a message comes soon after it: there is no
      // need to tell it of every piece.
      opened.on("response", (headers) => attempt(() => received.head(headers)));
      opened.on("data", (chunk: Buffer) => attempt(() => received.frames.push(chunk)));
      opened.on("trailers", (trailers) => {
        received.trailers = trailers;
      });
      opened.on("end", () => {
        // Cut off rather than ended: "error" or "close" tells how.
        if (!received.hasStatus && opened.rstCode !== constants.NGHTTP2_NO_ERROR) return;
        attempt(() => succeed(received.whole()));
      });
      opened.on("close", () =>
        attempt(() => {
          // One who has answered may well want no more of the request.
          if (!received.hasStatus) throw closedBefore(opened.rstCode);
          succeed(received.whole());
        }),
      );
      opened.end(sent.body);
    }

    function attempt(step: () => void): void {
      if (isOver) return;
      try {
        step();
      } catch (error) {
        fail(error);
      }
    }

    function succeed(exchanged: Exchanged<M>): void {
      finish();
      resolve(exchanged);
    }

    function fail(error: unknown): void {
      if (isOver) return;
      finish();
      reject(ConnectError.from(error));
    }

    function abort(this: AbortSignal): void {
      fail(ConnectError.from(this.reason, Code.Canceled));
    }

    function finish(): void {
      isOver = true;
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", abort);
      // An answer may come before the request was sent, of which nothing more is wanted then.
      if (stream !== undefined && !(stream.readableEnded && stream.writableFinished)) {
        stream.close(constants.NGHTTP2_CANCEL);
      }
    }
  });
}

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** An answer on its way here. */
class ReceivedAnswer<M> {
  readonly frames: FrameReader;
  trailers: IncomingHttpHeaders | undefined;
  #headers: Head | undefined;
  #message: M | undefined;
  /** Of an answer that is nothing but headers. */
  #headerError: ConnectError | undefined;

  constructor(maxMessageBytes: number, read: (bytes: Uint8Array) => M) {
    this.frames = new FrameReader(maxMessageBytes, (bytes) => {
      if (this.#message !== undefined) {
        throw new ConnectError("protocol error: received extra output message for unary method", Code.Unimplemented);
      }
      this.#message = read(bytes);
    });
  }

  get hasStatus(): boolean {
    return this.trailers !== undefined || this.#headers?.["grpc-status"] !== undefined;
  }

  /** @throws ConnectError when it is not the head of an answer by gRPC */
  head(headers: Head): void {
    this.#headers = headers;
    if (isOrdinary(headers)) return;
    this.#headerError = validateResponseWithCompression([], headers[":status"] ?? 0, metadataOf(headers)).headerError;
  }

  /** @throws ConnectError what the other side answers with, or what is wrong with its answer */
  whole(): Exchanged<M> {
    const { trailers = {} } = this;
    const headers = this.#headers ?? {};
    const message = this.#message;
    this.frames.end();
    if (message !== undefined && this.#headerError === undefined && isOk(trailers)) {
      return { headers, trailers, message };
    }
    const trailer = metadataOf(trailers);
    validateTrailer(trailer, metadataOf(headers));
    if (message === undefined) {
      throw (
        this.#headerError ??
        new ConnectError(
          "protocol error: missing output message for unary method",
          trailer.has("grpc-status") ? Code.Unimplemented : Code.Unknown,
        )
      );
    }
    if (this.#headerError !== undefined) {
      throw new ConnectError(
        "protocol error: received output message for unary method with error status",
        Code.Unknown,
      );
    }
    return { headers, trailers, message };
  }
}

/** Whether nothing about the head of an answer needs a second look. */
function isOrdinary(headers: Head): boolean {
  const type = headers["content-type"];
  return (
    headers[":status"] === 200 &&
    (type === "application/grpc+proto" || type === "application/grpc") &&
    headers["grpc-status"] === undefined &&
    headers["grpc-status-details-bin"] === undefined &&
    headers["grpc-encoding"] === undefined
  );
}

function isOk(trailers: IncomingHttpHeaders): boolean {
  return trailers["grpc-status"] === "0" && trailers["grpc-status-details-bin"] === undefined;
}

/** Codes of Node for a connection that has gone. */
const lostCodes = new Set(["ERR_STREAM_DESTROYED", "ERR_HTTP2_INVALID_STREAM", "ECONNRESET", "EPIPE"]);

/** What a stream fails with: it cannot be opened, was refused or reset, or its connection broke. */
function connectionError(error: unknown): ConnectError {
  const isLost =
    error instanceof Error && "code" in error && typeof error.code === "string" && lostCodes.has(error.code);
  return ConnectError.from(error, isLost ? Code.Aborted : Code.Internal);
}

/** Node tells of no error when a stream is cancelled, nor when its connection is closed, which looks the same. */
function closedBefore(rstCode: number): ConnectError {
  if (rstCode === constants.NGHTTP2_CANCEL) return new ConnectError("The call was cancelled.", Code.Canceled);
  return new ConnectError("The stream ended without an answer.", Code.Unavailable);
}
