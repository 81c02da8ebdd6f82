import { createHash } from "node:crypto";
import type { EvaluationContext } from "@openfeature/server-sdk";
import type { FlagSet } from "../../platform/flags/flag-set.ts";
import { problemOf, sendProblem, titleOf } from "../../platform/http/problem.ts";
import { readBody } from "../../platform/http/read-body.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../platform/rpc/rpc-handler.ts";

const prefix = "/ofrep/v1/evaluate/flags";
const maxBodyBytes = 64 * 1024;

/**
 * The OpenFeature Remote Evaluation Protocol, for one flag and for all of them, with an ETag for the latter.
 *
 * Source: https://github.com/open-feature/protocol/blob/main/service/openapi.yaml
 */
export function ofrepHandler(set: FlagSet): HttpHandler {
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (path !== prefix && !path.startsWith(`${prefix}/`)) {
      return sendProblem(response, { status: 404, title: titleOf(404) });
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return sendProblem(response, { status: 405, title: titleOf(405) });
    }
    answer(set, path, request, response).catch((error: unknown) => sendProblem(response, problemOf(error)));
  };
}

async function answer(set: FlagSet, path: string, request: HttpRequest, response: HttpResponse): Promise<void> {
  const context = contextOf(await readBody(request, maxBodyBytes));
  if (path === prefix) {
    if (typeof context === "string")
      return send(response, 400, { errorCode: "INVALID_CONTEXT", errorDetails: context });
    const flags = set.core.resolveAll(context).map(({ flagKey, value, variant, reason, flagMetadata }) => ({
      key: flagKey,
      value,
      variant,
      reason,
      metadata: flagMetadata,
    }));
    return sendAll(request, response, { flags, metadata: set.core.getFlagSetMetadata() });
  }
  const key = decoded(path.slice(prefix.length + 1));
  if (typeof context === "string") {
    return send(response, 400, { key, errorCode: "INVALID_CONTEXT", errorDetails: context });
  }
  const flag = set.core.getFlag(key);
  if (flag === undefined) {
    return send(response, 404, { key, errorCode: "FLAG_NOT_FOUND", errorDetails: `There is no flag ${key}.` });
  }
  const metadata = flag.metadata;
  if (flag.state === "DISABLED") return send(response, 200, { key, reason: "DISABLED", metadata });
  const result = flag.evaluate(context);
  if (result.reason === "ERROR") {
    const { errorCode, errorMessage } = result;
    return send(response, 400, { key, errorCode, errorDetails: errorMessage });
  }
  send(response, 200, { key, value: result.value, variant: result.variant, reason: result.reason, metadata });
}

/** What flags are evaluated for; a text says what is wrong with it. */
function contextOf(body: string): EvaluationContext | string {
  if (body === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return `The body is no JSON: ${error instanceof Error ? error.message : error}`;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "The body is no JSON object.";
  const context = "context" in parsed ? parsed.context : {};
  if (typeof context !== "object" || context === null || Array.isArray(context)) return "`context` is no JSON object.";
  return context as EvaluationContext;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sendAll(request: HttpRequest, response: HttpResponse, content: object): void {
  const body = JSON.stringify(content);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"] === etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  send(response, 200, content);
}

function send(response: HttpResponse, status: number, content: object): void {
  const body = JSON.stringify(content);
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.setHeader("cache-control", "no-cache");
  response.end(body);
}
