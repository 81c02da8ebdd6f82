import { fastify } from "fastify";
import { servePages } from "../../platform/http/pages.ts";
import type { HttpHandler } from "../../platform/rpc/rpc-handler.ts";

/** Where the build puts the pages. */
const bundle = new URL("../../../dist/web/flags/", import.meta.url);

const pages = /^\/(advanced|scheduler)?$/;

/**
 * Serves the pages of flags, and leaves what is for programs to `rest`.
 *
 * @param environment what the pages find in `window.ENV`
 */
export async function flagPages(
  rest: HttpHandler,
  environment: Readonly<Record<string, string>>,
): Promise<HttpHandler> {
  const app = fastify();
  await servePages(app, { bundle, environment, isPage: (path) => pages.test(path) });
  await app.ready();
  return (request, response) => {
    if (request.url?.startsWith("/api/")) return rest(request, response);
    return app.routing(request, response);
  };
}
