import { createServer as createHttp1Server } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, type Socket } from "node:net";
import { problemOf, sendProblem } from "../http/problem.ts";
import type { HttpHandler, HttpRequest } from "./rpc-handler.ts";

/** An open port. */
export interface Port {
  readonly host: string;
  readonly port: number;
  /**
   * Takes no more connections, lets what is under way finish (GOAWAY on HTTP/2), and closes; what is still under way
   * after `graceMs` milliseconds is cut off.
   */
  drain(graceMs: number): Promise<void>;
}

/** A port that cannot be opened; the message says which, why, and what to do. */
export class PortError extends Error {
  override readonly name = "PortError";
}

/** RFC 9113, section 3.4: the first bytes of every HTTP/2 connection. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** How long a peer may take, in milliseconds. */
export interface PortLimits {
  /** For the first bytes of a connection, and for the head of a request. */
  readonly headersMs: number;
  /** For a whole request with its body, from its first byte. */
  readonly requestMs: number;
  /** Between two requests of an HTTP/1.1 connection. */
  readonly keepAliveMs: number;
  /** Without any frame on an HTTP/2 connection, and for a peer that does not take the answer. */
  readonly idleMs: number;
  /**
   * Of an HTTP/2 connection: then it takes no more calls (GOAWAY), and its client makes another one, maybe to another
   * replica. A tenth more or less, so that not all come at once.
   */
  readonly maxAgeMs: number;
}

const defaultPortLimits: PortLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  idleMs: 10 * 60_000,
  maxAgeMs: 5 * 60_000,
};

/**
 * Opens a port that speaks HTTP/1.1 and HTTP/2 clear text: the first bytes of a connection decide.
 *
 * @throws PortError when the port is taken or not allowed
 */
export async function openPort(options: {
  readonly host: string;
  readonly port: number;
  readonly handler: HttpHandler;
  readonly limits?: Partial<PortLimits>;
}): Promise<Port> {
  const { host, port } = options;
  const limits = { ...defaultPortLimits, ...options.limits };
  let isDraining = false;
  const handler = guarded((request, response) => {
    if (isDraining && request.httpVersionMajor === 1) response.setHeader("connection", "close");
    options.handler(request, response);
  });
  const http1 = createHttp1Server(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
      maxHeaderSize: 32 * 1024,
    },
    handler,
  );
  const http2 = createHttp2Server(
    { maxSessionMemory: 32, settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: 32 * 1024 } },
    // Node's compatibility API: the same shape as HTTP/1.1, under other types.
    handler as never,
  );
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    const old = setTimeout(() => session.close(), limits.maxAgeMs * (0.9 + 0.2 * Math.random()));
    session.once("close", () => {
      sessions.delete(session);
      clearTimeout(old);
    });
    session.setTimeout(limits.idleMs, () => session.close());
  });
  const streams = new Set<ServerHttp2Stream>();
  http2.on("stream", (stream) => {
    streams.add(stream);
    stream.once("close", () => streams.delete(stream));
    boundStream(stream, limits);
  });
  http2.on("sessionError", () => undefined);
  http1.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") return socket.destroy();
    const status = clientErrorStatus[error.code ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
  });

  const sockets = new Set<Socket>();
  /** Those of them that have not said anything yet. */
  const silent = new Set<Socket>();
  const front = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    silent.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      silent.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    sniff(socket, limits.headersMs, (isHttp2) => {
      silent.delete(socket);
      (isHttp2 ? http2 : http1).emit("connection", socket);
    });
  });
  // node:http looks for idle and slow connections with a timer that it starts when the server listens; this one is
  // handed its connections and never does.
  http1.emit("listening");

  await new Promise<void>((resolve, reject) => {
    front.once("error", (cause: NodeJS.ErrnoException) => reject(portError(host, port, cause)));
    front.listen(port, host, resolve);
  });
  const bound = front.address();
  return {
    host,
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    async drain(graceMs) {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      for (const socket of silent) socket.destroy();
      for (const session of sessions) session.close();
      isDraining = true;
      // A request may be on its way on a connection that is idle here: each that comes now is answered, and told that
      // its connection ends.
      let idleCheck: NodeJS.Timeout | undefined;
      const lingering = setTimeout(
        () => {
          http1.close();
          idleCheck = setInterval(() => http1.closeIdleConnections(), 50);
        },
        Math.min(idleGraceMs, graceMs / 4),
      );
      const cutOff = setTimeout(() => {
        // Streams are reset one by one: a client that only saw its connection go would wait for its deadline.
        for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, 20);
      }, graceMs);
      await closed;
      clearTimeout(lingering);
      clearInterval(idleCheck);
      http1.close();
      clearTimeout(cutOff);
    },
  };
}

const clientErrorStatus: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** So long after the wish to stop, idle connections of HTTP/1.1 are kept, in milliseconds. */
const idleGraceMs = 400;
const lingerMs = 1_000;

function hasBody({ headers }: HttpRequest): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** A handler's defect costs the one request, not the process. */
function guarded(handler: HttpHandler): HttpHandler {
  return (request, response) => {
    // Answered before the body was read: HTTP/1.1 would wait for the rest of it for ever, and so would the next
    // request of the connection, which a proxy sends unless it is told that the connection ends here.
    if (request.httpVersionMajor === 1 && hasBody(request)) {
      const { socket } = request;
      const writeHead = response.writeHead.bind(response) as (...args: readonly unknown[]) => typeof response;
      response.writeHead = (...args: readonly unknown[]) => {
        if (!request.complete && !response.headersSent) {
          response.shouldKeepAlive = false;
          // Node would close at once, and the peer lose the answer with the rest of what it sends.
          socket.destroySoon = () => socket.end();
        }
        return writeHead(...args);
      };
      response.once("finish", () => {
        if (request.complete) return;
        socket.end();
        setTimeout(() => socket.destroy(), lingerMs).unref();
      });
    }
    try {
      handler(request, response);
    } catch (error) {
      sendProblem(response, problemOf(error));
    }
  };
}

/** HTTP/1.1 servers have these bounds built in, HTTP/2 servers do not. */
function boundStream(stream: ServerHttp2Stream, limits: PortLimits): void {
  const slow = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), limits.requestMs);
  const received = () => clearTimeout(slow);
  stream.once("end", received);
  stream.once("close", received);
  // A stream may well be silent (Health/Watch); only one whose peer does not take what was written is given up.
  stream.setTimeout(limits.requestMs * 2);
  stream.on("timeout", () => {
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
  });
}

function sniff(socket: Socket, timeoutMs: number, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const timeout = setTimeout(() => socket.destroy(), timeoutMs);
  const onReadable = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      seen = Buffer.concat([seen, chunk]);
    }
    const length = Math.min(seen.length, http2Preface.length);
    const couldBeHttp2 = seen.subarray(0, length).equals(http2Preface.subarray(0, length));
    if (couldBeHttp2 && length < http2Preface.length) return;
    clearTimeout(timeout);
    socket.off("readable", onReadable);
    socket.unshift(seen);
    decide(couldBeHttp2);
  };
  socket.on("readable", onReadable);
  socket.once("close", () => clearTimeout(timeout));
}

function portError(host: string, port: number, cause: NodeJS.ErrnoException): PortError {
  switch (cause.code) {
    case "EADDRINUSE":
      return new PortError(`Port ${port} on ${host} is taken by another program; stop it or choose another port.`, {
        cause,
      });
    case "EACCES":
      return new PortError(`Port ${port} on ${host} needs more rights; choose one above 1023.`, { cause });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new PortError(`${host} is not an address of this machine.`, { cause });
    default:
      return new PortError(`Port ${port} on ${host} cannot be opened: ${cause.message}`, { cause });
  }
}
