import { Agent, request as httpRequest } from "node:http";
import type { HttpHandler } from "../rpc/rpc-handler.ts";
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

/**
 * Forwards plain HTTP to a service of another process.
 *
 * @param origin `http://host:port`
 */
export function forwardHttp(origin: string): HttpHandler {
  const agent = new Agent({ keepAlive: true });
  return (request, response) => {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined && !name.startsWith(":") && !hopByHop.has(name)) headers[name] = value;
    }
    const upstream = httpRequest(
      origin + (request.url ?? "/"),
      { agent, method: request.method ?? "GET", headers, timeout: timeoutMs },
      (answer) => {
        response.statusCode = answer.statusCode ?? 502;
        for (const [name, value] of Object.entries(answer.headers)) {
          if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value);
        }
        answer.pipe(response);
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
