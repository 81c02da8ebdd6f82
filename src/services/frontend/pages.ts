import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import staticFiles from "@fastify/static";
import { context, propagation } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";

/** Where the build puts the storefront. */
export const storefrontBundle = new URL("../../../dist/web/storefront/", import.meta.url);

/** The pages that the storefront has; everything else is shown as not found, with the status to match. */
const pagePaths = [
  /^\/$/,
  /^\/product\/[^/]+$/,
  /^\/category\/[^/]+$/,
  /^\/search$/,
  /^\/cart$/,
  /^\/cart\/checkout\/[^/]+$/,
  /^\/orders$/,
];

/** What the storefront's script learns from the server, under the OpenTelemetry Demo's names. */
export interface WindowEnvironment {
  /** Where the shop runs, for the footer. */
  readonly NEXT_PUBLIC_PLATFORM: string;
  readonly NEXT_PUBLIC_OTEL_SERVICE_NAME?: string;
  readonly NEXT_PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;
}

/** Serves the storefront: one document for every page, and its assets, which never change under a name. */
export async function servePages(app: FastifyInstance, bundle: URL, environment: WindowEnvironment): Promise<void> {
  const document = await readDocument(bundle, environment);
  if (document === undefined) {
    app.get("/*", { schema: { hide: true } }, (_request, reply) =>
      reply
        .code(503)
        .type("text/plain; charset=utf-8")
        .send("The storefront is not built. Stop the shop, run `npm run build:web`, and start it again.\n"),
    );
    return;
  }
  await app.register(staticFiles, {
    root: fileURLToPath(new URL("assets/", bundle)),
    prefix: "/assets/",
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: "365d",
    setHeaders: (reply) => {
      reply.header("x-content-type-options", "nosniff");
    },
  });
  app.get("/favicon.ico", { schema: { hide: true } }, (_request, reply) => reply.redirect("/images/favicon.svg", 301));
  app.get("/*", { schema: { hide: true } }, (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "/";
    if (path.startsWith("/api/")) return reply.callNotFound();
    const isPage = pagePaths.some((pattern) => pattern.test(path));
    return reply
      .code(isPage ? 200 : 404)
      .headers(document.headers)
      .type("text/html; charset=utf-8")
      .send(document.html(traceMeta()));
  });
}

/** Lets the browser's telemetry go on with the trace of the request for the page. */
function traceMeta(): string {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent === undefined ? "" : `<meta name="traceparent" content="${carrier.traceparent}">`;
}

async function readDocument(bundle: URL, environment: WindowEnvironment) {
  let source: string;
  try {
    source = await readFile(new URL("index.html", bundle), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  // "<" cannot end the script element this way, whatever the values hold.
  const script = `window.ENV=${JSON.stringify(environment).replaceAll("<", "\\u003c")}`;
  const hash = createHash("sha256").update(script).digest("base64");
  return {
    html: (head: string) => source.replace("<!--orrery:env-->", () => `<script>${script}</script>${head}`),
    headers: {
      "cache-control": "no-cache",
      "content-security-policy": [
        "default-src 'self'",
        `script-src 'self' 'sha256-${hash}'`,
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join("; "),
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
    },
  };
}
