import type { JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { problemOf, sendProblem } from "../http/problem.ts";
import { readBody } from "../http/read-body.ts";
import { platformErrors, rpcError } from "./errors.ts";
import { type HttpJsonMethod, messageFromWire, messageToWire } from "./http-json.ts";
import type { LocalServices } from "./local-services.ts";
import type { HttpRequest, HttpResponse } from "./rpc-handler.ts";

const maxBodyBytes = 1024 * 1024;

/**
 * Serves the methods of a table as plain JSON over HTTP POST. Returns false for requests that are none of them.
 */
export function httpJsonHandler(
  table: readonly HttpJsonMethod[],
  services: LocalServices,
): (request: HttpRequest, response: HttpResponse) => boolean {
  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    const entry = table.find((candidate) => candidate.path === path);
    if (entry === undefined) return false;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      sendProblem(response, { status: 405, title: "Method not allowed", detail: `${path} takes POST.` });
      return true;
    }
    answer(entry, services, request, response).catch((error) => sendProblem(response, problemOf(error)));
    return true;
  };
}

async function answer(
  entry: HttpJsonMethod,
  services: LocalServices,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const served = services.find(entry.method);
  if (served === undefined) throw new ConnectError("Not served here.", Code.Unimplemented);
  const message = parse(entry, await readBody(request, maxBodyBytes));
  const header = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === "string" && !name.startsWith(":")) header.set(name, value);
  }
  const away = new AbortController();
  response.once("close", () => away.abort());
  const answer = await served.invoke(message, {
    header,
    responseHeader: new Headers(),
    responseTrailer: new Headers(),
    protocolName: "http-json",
    requestMethod: "POST",
    url: request.url ?? "",
    timeoutMs: undefined,
    signal: away.signal,
  });
  const json = messageToWire(entry.method.output, answer, entry.response);
  if (json === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(json));
}

function parse(entry: HttpJsonMethod, body: string) {
  let json: JsonValue | undefined;
  try {
    json = body === "" ? undefined : (JSON.parse(body) as JsonValue);
  } catch (cause) {
    throw rpcError(platformErrors.INVALID_REQUEST, `The body is not JSON: ${String(cause)}`, { cause });
  }
  try {
    return messageFromWire(entry.method.input, json, entry.request);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw rpcError(platformErrors.INVALID_REQUEST, `The body does not fit ${entry.path}: ${why}`, { cause });
  }
}
