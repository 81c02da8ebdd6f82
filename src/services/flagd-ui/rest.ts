import type { FlagFile } from "../../platform/flags/flag-file.ts";
import { foreignPage } from "../../platform/http/foreign-page.ts";
import { problemOf, sendProblem, titleOf } from "../../platform/http/problem.ts";
import { readBody } from "../../platform/http/read-body.ts";
import type { Logger } from "../../platform/logging/logger.ts";
import { platformErrors, rpcError } from "../../platform/rpc/errors.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../platform/rpc/rpc-handler.ts";
import { flagUiErrors } from "./errors.ts";
import type { FlagControl } from "./flag-control.ts";

const reading = ["/api/read", "/api/read-file"];
const writing = ["/api/write", "/api/write-to-file"];
const maxBodyBytes = 1024 * 1024;

interface RestOptions {
  readonly file: FlagFile;
  readonly control: FlagControl;
  readonly isAllowedOrigin: (origin: string) => boolean;
  readonly log: Logger;
}

/**
 * The OpenTelemetry Demo's REST calls, with the paths of its earlier releases: `GET read` answers `{"flags": ...}`, and
 * `POST write` takes `{"data": <document>}`. Beyond those, `read` tells the version as ETag, and `write` takes it as
 * `If-Match` or in its body; what a document lacks beside its flags stays as it is in the file.
 */
export function restHandler({ file, control, isAllowedOrigin, log }: RestOptions): HttpHandler {
  async function answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const isWrite = writing.includes(path);
    if (!isWrite && !reading.includes(path)) {
      sendProblem(response, { status: 404, title: titleOf(404), detail: `There is nothing at ${path}.` });
      return;
    }
    const methods = isWrite ? ["POST"] : ["GET", "HEAD"];
    if (!methods.includes(request.method ?? "")) {
      response.setHeader("allow", methods.join(", "));
      sendProblem(response, { status: 405, title: titleOf(405), detail: `${path} takes ${methods.join(" and ")}.` });
      return;
    }
    if (!isWrite) {
      const { flags } = file.set.document;
      send(response, { body: { flags }, version: file.state.version, isHead: request.method === "HEAD" });
      return;
    }
    const foreign = foreignPage(request.headers, isAllowedOrigin);
    if (foreign !== undefined) throw rpcError(flagUiErrors.ORIGIN_NOT_ALLOWED, notAllowed(foreign));
    const { data, version } = content(await readBody(request, maxBodyBytes));
    const { flags: _, ...kept } = file.set.document;
    const text = `${JSON.stringify({ ...kept, ...data }, null, 2)}\n`;
    const expected = versionOf(request.headers["if-match"]) ?? version;
    send(response, { body: {}, version: await control.write(text, { expected, by: "api" }), isHead: false });
  }
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const problem = problemOf(error);
      if (problem.status === 500) log.error({ error }, "Could not answer a request");
      sendProblem(response, problem);
    });
  };
}

/** Why a page of another origin is refused. */
export function notAllowed(foreign: string): string {
  return `Pages of ${foreign} may not change flags; ALLOWED_ORIGINS names those that may.`;
}

function content(body: string): { readonly data: object; readonly version: string | undefined } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    throw invalid(`The body is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(parsed) || !("data" in parsed)) {
    throw invalid('The body has no "data"; it takes {"data": <all definitions>}.');
  }
  if (!isObject(parsed.data)) throw invalid('"data" is no object; it takes all definitions, {"flags": ...}.');
  const version = "version" in parsed ? parsed.version : undefined;
  if (version !== undefined && typeof version !== "string") throw invalid('"version" is no text.');
  return { data: parsed.data, version };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string) {
  return rpcError(platformErrors.INVALID_REQUEST, message);
}

/** Of an entity tag; undefined for any. */
function versionOf(header: string | undefined): string | undefined {
  return /^"([^"]*)"$/.exec(header ?? "")?.[1];
}

function send(
  response: HttpResponse,
  answer: { readonly body: object; readonly version: string; readonly isHead: boolean },
): void {
  const text = JSON.stringify(answer.body);
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-cache");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("etag", `"${answer.version}"`);
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(answer.isHead ? undefined : text);
}
