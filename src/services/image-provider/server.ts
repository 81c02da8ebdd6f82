import { readFile } from "node:fs/promises";
import { sendProblem, titleOf } from "../../platform/http/problem.ts";
import type { RunningService } from "../../platform/lifecycle/service.ts";
import type { HttpHandler } from "../../platform/rpc/rpc-handler.ts";
import type { Manifest, Rendition } from "./manifest.ts";
import { negotiate } from "./negotiate.ts";

const root = new URL("./static/", import.meta.url);
/** Pictures change with a release at most; the path does not, so a day. */
const cacheControl = "public, max-age=86400";

export async function start(): Promise<RunningService> {
  const manifest = JSON.parse(await readFile(new URL("manifest.json", root), "utf8")) as Manifest;
  return { http: pictureHandler(manifest) };
}

function pictureHandler(manifest: Manifest): HttpHandler {
  const bodies = new Map<string, Promise<Buffer>>();
  /** All pictures together are a few megabytes, so those that were asked for stay in memory. */
  function bodyOf({ file }: Rendition): Promise<Buffer> {
    let body = bodies.get(file);
    if (body === undefined) {
      body = readFile(new URL(file, root));
      body.catch(() => bodies.delete(file));
      bodies.set(file, body);
    }
    return body;
  }
  let served = 0;

  return (request, response) => {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    if (path === "/status") {
      response.setHeader("content-type", "text/plain; charset=utf-8");
      response.end(stubStatus(served));
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      sendProblem(response, { status: 405, title: titleOf(405), detail: "Pictures can only be read." });
      return;
    }
    const accept = request.headers.accept;
    const found = negotiate(manifest, {
      path: decodedPath(path),
      width: new URLSearchParams(query).get("w") ?? undefined,
      accept,
    });
    if (found.kind !== "found") {
      const status = found.kind === "not-found" ? 404 : 400;
      sendProblem(response, { status, title: titleOf(status), detail: found.message });
      return;
    }
    served++;
    const etag = `"${found.rendition.sha256.slice(0, 32)}"`;
    response.setHeader("cache-control", cacheControl);
    response.setHeader("etag", etag);
    response.setHeader("x-content-type-options", "nosniff");
    if (found.varies) response.setHeader("vary", "Accept");
    if (request.headers["if-none-match"]?.includes(etag)) {
      response.statusCode = 304;
      response.end();
      return;
    }
    response.setHeader("content-type", found.contentType);
    response.setHeader("content-length", found.rendition.bytes);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    bodyOf(found.rendition).then(
      (body) => response.end(body),
      () => {
        response.removeHeader("content-length");
        sendProblem(response, { status: 500, title: titleOf(500), detail: "The picture cannot be read." });
      },
    );
  };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The text of nginx's stub_status module, which collectors of the OpenTelemetry Demo read. */
function stubStatus(served: number): string {
  return [
    "Active connections: 1 ",
    "server accepts handled requests",
    ` ${served} ${served} ${served} `,
    "Reading: 0 Writing: 1 Waiting: 0 ",
    "",
  ].join("\n");
}
