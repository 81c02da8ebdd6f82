import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { event } from "../../../../gen/telemetry/registry.ts";
import { type Problem, problemOf, titleOf } from "../../../platform/http/problem.ts";
import { whenClosed } from "../../../platform/http/when-closed.ts";
import type { Logger } from "../../../platform/logging/logger.ts";
import { type CallContext, propagatedMetadata, withCall } from "../../../platform/rpc/call-context.ts";
import { errorInfo, platformErrors } from "../../../platform/rpc/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../platform/rpc/rpc-handler.ts";
import { setHttpRoute } from "../../../platform/telemetry/http.ts";
import type { Telemetry } from "../../../platform/telemetry/telemetry.ts";
import { apiRoutes } from "./routes.ts";
import type { ShopClients } from "./shop.ts";

const maxBodyBytes = 1024 * 1024;
/** Within the 15 s that proxies usually give a route. */
const requestTimeoutMs = 14_500;

/** The web server: the API under /api, its description at /api/openapi.json, and a page to read it at /api/docs. */
export async function buildApi(options: {
  readonly clients: ShopClients;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}): Promise<FastifyInstance> {
  const { clients, log, telemetry } = options;
  const app = fastify({
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: true,
    // Or "1e999", which becomes infinity as a number, is let through by minimum and maximum.
    ajv: { customOptions: { strictNumbers: false } },
    routerOptions: { maxParamLength: 256 },
  }).withTypeProvider<TypeBoxTypeProvider>();
  const routes = new RouteTable(app);

  app.addHook("onRequest", (request, reply, done) => {
    const [path = "", query] = request.url.split("?", 2);
    if (/^\/api\/[^/]+.*[^/]\/$/.test(path) && !path.startsWith("/api/docs")) {
      reply.redirect(path.slice(0, -1) + (query === undefined ? "" : `?${query}`), 308);
      return;
    }
    const { url: pattern } = request.routeOptions;
    if (pattern !== undefined) setHttpRoute(reply.raw, pattern.replace(/:(\w+)/g, "{$1}"));
    withCall(callOf(request.raw, reply.raw), done);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemOfHttp(error);
    // Failures that a service declared are told where they happen.
    const reason = errorInfo(error)?.reason ?? platformErrors.INTERNAL.reason;
    if (problem.status >= 500 && reason === platformErrors.INTERNAL.reason) {
      log.error({ event: event.httpRequestFailed, error }, "A request failed");
    }
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?", 1);
    const allowed = routes.methodsOf(path);
    if (allowed.length === 0) {
      return sendProblem(reply, {
        status: 404,
        title: titleOf(404),
        detail: `There is nothing at ${path}.`,
        reason: "NOT_FOUND",
      });
    }
    const detail = `${path} takes ${allowed.join(", ")}, not ${request.method}.`;
    reply.header("allow", allowed.join(", "));
    return sendProblem(reply, { status: 405, title: titleOf(405), detail, reason: "METHOD_NOT_ALLOWED" });
  });

  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Orrery web API",
        version: "1.0.0",
        description:
          "What the shop's pages use. The services behind it also speak gRPC, gRPC-Web and Connect on the same port.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/docs",
    staticCSP: "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    theme: {
      title: "Orrery web API",
      css: [
        {
          filename: "orrery.css",
          content: ".swagger-ui .topbar, .swagger-ui .info hgroup + a, .swagger-ui .info .link { display: none }",
        },
      ],
    },
    uiConfig: { docExpansion: "list", validatorUrl: null },
  });
  app.get("/api/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(apiRoutes(clients, telemetry), { prefix: "/api" });
  return app;
}

/** The call context of a web request: the calls made for it end when the browser goes away. */
function callOf(request: HttpRequest, response: HttpResponse): CallContext {
  let controller: AbortController | undefined;
  return {
    deadline: performance.now() + requestTimeoutMs,
    get signal() {
      if (controller !== undefined) return controller.signal;
      const created = new AbortController();
      controller = created;
      whenClosed(response, () => {
        if (!response.writableFinished) created.abort();
      });
      return created.signal;
    },
    propagated: propagatedMetadata({
      get(name) {
        const value = request.headers[name];
        return typeof value === "string" ? value : null;
      },
    }),
  };
}

function sendProblem(reply: FastifyReply, problem: Problem) {
  return reply
    .code(problem.status === 499 ? 400 : problem.status)
    .header("content-type", "application/problem+json")
    .send({ type: "about:blank", ...problem });
}

/** Errors of the web server itself are about the request; all others are the services'. */
function problemOfHttp(error: FastifyError): Problem {
  const { validation, statusCode } = error;
  const reason = platformErrors.INVALID_REQUEST.reason;
  if (validation !== undefined) {
    const errors = validation.map(({ instancePath, message = "is not valid", params }) => {
      const missing = "missingProperty" in params ? `.${params.missingProperty}` : "";
      return { field: (instancePath.replaceAll("/", ".") + missing).replace(/^\./, ""), message };
    });
    const detail = errors.map(({ field, message }) => `${field === "" ? "The body" : field} ${message}`).join("; ");
    return { status: 400, title: titleOf(400), detail, reason, errors };
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, title: titleOf(statusCode), detail: error.message, reason };
  }
  return problemOf(error);
}

/** Which methods the API has for a path, to tell a wrong method from a wrong path. */
class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  constructor(app: FastifyInstance) {
    app.addHook("onRoute", ({ url, method }) => {
      if (url.includes("*")) return;
      const pattern = new RegExp(`^${url.replace(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`);
      this.#routes.push({ pattern, methods: [method].flat() });
    });
  }

  methodsOf(path: string): readonly string[] {
    const found = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}
