import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Failure } from "./failure.ts";

/** An answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface Sent {
  readonly method: "GET" | "POST";
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Nobody answered, or not in time. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.detail, options);
    this.failure = failure;
  }
}

/** Sends requests to one origin over connections that stay open; each waits for its own connection if need be. */
export class HttpClient {
  readonly #agent: HttpAgent;
  readonly #send: (options: RequestOptions) => ClientRequest;
  readonly #origin: Pick<RequestOptions, "host" | "port">;
  readonly #base: string;
  readonly #timeoutMs: number;

  /** @param options.timeoutMs from the sending to the end of the answer */
  constructor(target: URL, { timeoutMs }: { readonly timeoutMs: number }) {
    const isSecure = target.protocol === "https:";
    this.#agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    this.#send = isSecure ? httpsRequest : httpRequest;
    this.#origin = { host: target.hostname.replace(/^\[(.*)\]$/, "$1"), port: target.port || (isSecure ? 443 : 80) };
    this.#base = target.pathname.replace(/\/$/, "");
    this.#timeoutMs = timeoutMs;
  }

  /** @throws UnansweredError */
  async send(sent: Sent): Promise<Answer> {
    try {
      return await this.#once(sent);
    } catch (error) {
      // The server closed the connection, which was idle, at the same moment: it has not seen the request.
      if (error instanceof StaleConnectionError) return this.#once(sent);
      throw error;
    }
  }

  #once({ method, path, headers, body }: Sent): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = this.#send({
        ...this.#origin,
        agent: this.#agent,
        method,
        path: this.#base + path,
        headers:
          text === undefined
            ? headers
            : { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) },
      });
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        request.destroy(new Error("timeout"));
      }, this.#timeoutMs);
      const fail = (cause: Error & { code?: string }, hasBegun: boolean) => {
        clearTimeout(timer);
        if (isLate) return reject(new UnansweredError({ kind: "timeout", detail: `${this.#timeoutMs} ms` }, { cause }));
        const isStale = request.reusedSocket && !hasBegun && method === "GET" && cause.code === "ECONNRESET";
        const failure: Failure = { kind: "connection", detail: cause.code ?? cause.message };
        reject(isStale ? new StaleConnectionError(failure, { cause }) : new UnansweredError(failure, { cause }));
      };
      request.once("error", (error) => fail(error, false));
      request.once("response", (response) => {
        response.setEncoding("utf8");
        let received = "";
        response.on("data", (chunk: string) => {
          received += chunk;
        });
        response.once("error", (error) => fail(error, true));
        response.once("end", () => {
          clearTimeout(timer);
          const { statusCode = 0, headers: got } = response;
          resolve({ status: statusCode, contentType: got["content-type"] ?? "", text: received });
        });
      });
      request.end(text);
    });
  }

  /** Closes the connections; requests under way break off. */
  close(): void {
    this.#agent.destroy();
  }
}

class StaleConnectionError extends UnansweredError {}
