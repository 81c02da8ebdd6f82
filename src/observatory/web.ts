import { fastify } from "fastify";
import { servePages } from "../platform/http/pages.ts";
import { sendProblem, titleOf } from "../platform/http/problem.ts";
import type { HttpHandler } from "../platform/rpc/rpc-handler.ts";

/** Where the build puts the Observatory's pages. */
const bundle = new URL("../../dist/web/observatory/", import.meta.url);

const pages =
  /^\/(traces(\/[\w-]+)?|metrics|logs|objectives|alerts|slos|scenarios(\/runs)?(\/[\w-]+)?|load|sql|status|boards(\/[\w-]+)?)?$/;

/** Whether a path is answered by the API for programs: downloads, Jaeger's queries, OTLP. */
const ofPrograms = /^\/(api|jaeger|v1)\//;

/** Serves the Observatory's pages, and leaves what is for programs to `programs`. */
export async function observatoryWeb(programs: HttpHandler | undefined): Promise<HttpHandler> {
  const app = fastify();
  await servePages(app, { bundle, environment: {}, isPage: (path) => pages.test(path) });
  await app.ready();
  return (request, response) => {
    if (!ofPrograms.test(request.url ?? "/")) return app.routing(request, response);
    if (programs !== undefined) return programs(request, response);
    sendProblem(response, { status: 404, title: titleOf(404) });
  };
}
