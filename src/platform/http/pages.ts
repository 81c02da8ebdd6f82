import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import staticFiles from "@fastify/static";
import { context, propagation } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";

export interface PagesOptions {
  /** Folder of the built bundle: `index.html` and `assets/`. */
  readonly bundle: URL;
  /** Whether the application has a page at a path; all others are shown as not found, with the status to match. */
  readonly isPage: (path: string) => boolean;
  /** Paths that are none of the application's. */
  readonly isOther?: (path: string) => boolean;
  /** What the application's script finds in `window.ENV`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Serves a web application: one document for every page, and its assets, which never change under a name. */
export async function servePages(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const { bundle, environment, isPage, isOther } = options;
  const document = await readDocument(bundle, environment);
  if (document === undefined) {
    app.get("/*", { schema: { hide: true } }, (_request, reply) =>
      reply
        .code(503)
        .type("text/plain; charset=utf-8")
        .send("The web pages are not built. Stop the shop, run `npm run build:web`, and start it again.\n"),
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
  app.get("/*", { schema: { hide: true } }, (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "/";
    if (isOther?.(path)) return reply.callNotFound();
    return reply
      .code(isPage(path) ? 200 : 404)
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

async function readDocument(bundle: URL, environment: PagesOptions["environment"]) {
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
