import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { pipeline } from "node:stream";
import { context, propagation } from "@opentelemetry/api";
import type { HttpHandler, HttpRequest } from "../rpc/rpc-handler.ts";
import { sendProblem, titleOf } from "./problem.ts";

/** RFC 9110, section 7.6.1: these end at each hop. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-connection",
]);

const timeoutMs = 15_000;

function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set(headers.connection?.toLowerCase().split(/\s*,\s*/));
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(":") && !hopByHop.has(name) && !named.has(name)) kept[name] = value;
  }
  return kept;
}

function hasBody(request: HttpRequest): boolean {
  const { stream } = request as HttpRequest & { readonly stream?: { readonly endAfterHeaders: boolean } };
  return stream === undefined ? request.headers["transfer-encoding"] !== undefined : !stream.endAfterHeaders;
}

/**
 * Forwards plain HTTP to a service of another process, to its replicas in turn.
 *
 * @param origins `http://host:port` of each
 */
export function forwardHttp(origins: readonly string[]): HttpHandler {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  return (request, response) => {
    const origin = origins[turn++ % origins.length] ?? "";
    const headers = endToEnd(request.headers);
    propagation.inject(context.active(), headers);
    // Without its length or chunks, the body of a DELETE or GET would be read as a further request.
    if (headers["content-length"] === undefined && hasBody(request)) headers["transfer-encoding"] = "chunked";
    const upstream = httpRequest(
      origin + (request.url ?? "/"),
      { agent, method: request.method ?? "GET", headers, timeout: timeoutMs },
      (answer) => {
        response.statusCode = answer.statusCode ?? 502;
        for (const [name, value] of Object.entries(endToEnd(answer.headers))) response.setHeader(name, value);
        // An answer that breaks off is broken off here, too.
        pipeline(answer, response, () => {});
      },
    );
    upstream.on("timeout", () => upstream.destroy(new Error("timeout")));
    upstream.on("error", () => {
      sendProblem(response, {
        status: 503,
        title: titleOf(503),
        detail: "A part of the shop cannot be reached at the moment; try again in a little while.",
        reason: "SERVICE_UNAVAILABLE",
      });
    });
    response.once("close", () => upstream.destroy());
    request.pipe(upstream);
  };
}
